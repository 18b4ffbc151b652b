/** `why`: the chain of events that explains an approval, a slot, a refusal, an agent, its task, a process, a cell or a mail. */
import { Argument } from 'commander';
import type { HoldfastEvent } from '../../../events/catalogue.ts';
import { foldLog } from '../../engine/fold.ts';
import { folderOf } from '../../log/folder.ts';
import { Evidence } from '../../why/evidence.ts';
import { IdIndex } from '../../why/idIndex.ts';
import { reasons } from '../../why/reasons.ts';
import { line } from '../../words/describe.ts';
import { cut } from '../../words/line.ts';
import { Names } from '../../words/names.ts';
import { reading } from '../opened.ts';
import { acting, examples, type Verb } from '../setting.ts';

/** What a person reads at a glance: how it began and what came last. */
const [firstMax, lastMax] = [4, 12];
const columnsDefault = 160;

function chain(events: readonly HoldfastEvent[], names: Names, full: boolean): string[] {
  const lines = events.map((event) => line(event, names));
  if (full) return lines;
  const width = process.stdout.columns ?? columnsDefault;
  const short = lines.map((text) => cut(text, width));
  const left = short.length - firstMax - lastMax;
  if (left <= 1) return short;
  return [...short.slice(0, firstMax), `  … ${left} events more: --full`, ...short.slice(-lastMax)];
}

export const whyVerb: Verb = (program) => {
  program
    .command('why')
    .description('the chain of events that explains something')
    .addArgument(new Argument('<what>', 'kind of thing').choices(Object.keys(reasons)))
    .argument(
      '<id>',
      'its id or the last group of it; a path for an agent, its task or its slot; `last` for the newest refusal',
    )
    .option('--full', 'every event of the chain, and each line as long as it is')
    .addHelpText(
      'after',
      examples(
        'why refusal last',
        'why slot /root/builder',
        'why agent /root/builder',
        'why mail 3f21c08b9a64 -o json',
        'why cell 3',
        'why process 1002 --full',
        'why approval 3',
      ),
    )
    .action(
      acting(({ dir, out }, what: string, id: string, { full = false }: { full?: boolean }) =>
        reading(dir, async (log) => {
          const evidence = new Evidence(log);
          const state = await foldLog(log);
          const because = await reasons[what]!({
            state,
            evidence,
            ids: () => IdIndex.of(log, folderOf(dir).caches),
            id,
          });
          const events = evidence.inOrder();
          const names = new Names(state);
          const document = out.format === 'jsonl' ? events : { what, id, because, events };
          await out.show(document, () => [because, '', ...chain(events, names, full)]);
        }),
      ),
    );
};
