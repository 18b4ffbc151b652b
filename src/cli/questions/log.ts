/** `log`: the events, one per line; in JSON exactly the bytes that the hash chain covers, with the hash of each batch. */
import { InvalidArgumentError } from 'commander';
import { agentsOf, eventTypes } from '../../../events/catalogue.ts';
import type { Hashed } from '../../../events/envelope.ts';
import { decoded, foldLog } from '../../engine/fold.ts';
import { Failure } from '../../failure.ts';
import { hashedLine } from '../../log/canonical.ts';
import type { LogReader } from '../../log/port.ts';
import { RemoteReader } from '../../serve/remoteReader.ts';
import { agentNamed } from '../../words/agentNamed.ts';
import { line } from '../../words/describe.ts';
import { Names } from '../../words/names.ts';
import { reading } from '../opened.ts';
import type { Output } from '../output.ts';
import { acting, examples, type Verb, whole } from '../setting.ts';

interface Options {
  readonly from?: number;
  readonly to?: number;
  readonly type?: readonly string[];
  readonly agent?: string;
  readonly follow?: boolean;
}

function typeOf(text: string, before: readonly string[] = []): string[] {
  const known = text.split(',').map((given) => {
    const type = eventTypes.find((name) => name.toLowerCase() === given.trim().toLowerCase());
    if (type === undefined) throw new InvalidArgumentError(`there is no event of type ${given}.`);
    return type;
  });
  return [...before, ...known];
}

/** With `follow` the stream goes on until the owner stops; without an owner nobody will write, so it ends. */
function pagesOf(
  log: LogReader,
  { from = 1, to, follow }: Options,
  agentId?: string,
): AsyncIterable<readonly Hashed[]> {
  if (follow === true && log instanceof RemoteReader) return log.follow(from);
  const range = { from, ...(to !== undefined && { to }) };
  return agentId === undefined ? log.readHashed(range) : log.readAgent(agentId, range);
}

async function print(log: LogReader, out: Output, options: Options): Promise<void> {
  const agentId = options.agent === undefined ? undefined : agentNamed(await foldLog(log), options.agent).agentId;
  const types = options.type && new Set<string>(options.type);
  const names = new Names();
  let first = true;
  for await (const page of pagesOf(log, options, agentId)) {
    const events = page.filter(
      (event) =>
        (types === undefined || types.has(event.type)) &&
        (agentId === undefined || agentsOf(event).includes(agentId)) &&
        (options.to === undefined || event.position <= options.to),
    );
    if (out.format === 'text') {
      const shown = events.map(decoded);
      await names.learn(log, shown);
      await out.lines(shown.map((event) => line(event, names)));
    } else if (out.format === 'jsonl') await out.lines(events.map(hashedLine));
    else if (events.length > 0) {
      await out.lines([`${first ? '[' : ','}${events.map(hashedLine).join('\n,')}`]);
      first = false;
    }
    if (options.to !== undefined && (page.at(-1)?.position ?? 0) >= options.to) break;
  }
  if (out.format === 'json') await out.lines([first ? '[]' : ']']);
}

export const logVerb: Verb = (program) => {
  program
    .command('log')
    .description('the events, one per line')
    .option('--from <n>', 'first position', whole(1))
    .option('--to <n>', 'last position', whole(1))
    .option('--type <type>', 'only events of this type (again, or with commas, for more)', typeOf)
    .option('--agent <path>', 'only events that touch this agent, by the index')
    .option('--follow', 'go on with what a running fleet appends, until it stops')
    .addHelpText(
      'after',
      examples(
        'log --type SlotRefused,TurnFailed',
        'log --agent /root/builder --from 100',
        'log --follow -o jsonl | jq -c .type',
      ),
    )
    .action(
      acting(({ dir, out }, options: Options) => {
        if (options.follow === true && out.format === 'json') {
          throw new Failure('HOLDFAST_USAGE', 'a log that is followed has no end to close a JSON document with', {
            remedy: 'use -o jsonl',
          });
        }
        return reading(dir, (log) => print(log, out, options));
      }),
    );
};
