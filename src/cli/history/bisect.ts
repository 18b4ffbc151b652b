/** `bisect`: the first position at which a check on the state fails, found in as few looks as a binary search needs. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { foldLog } from '../../engine/fold.ts';
import { Failure } from '../../failure.ts';
import type { LogReader } from '../../log/port.ts';
import { Evidence } from '../../why/evidence.ts';
import { line } from '../../words/describe.ts';
import { oneLine } from '../../words/line.ts';
import { Names } from '../../words/names.ts';
import { exit } from '../exitCodes.ts';
import { reading, within } from '../opened.ts';
import { tell } from '../output.ts';
import { acting, examples, type Verb, whole } from '../setting.ts';

/** As for `git bisect run`: from here on the command itself could not be run. */
const notRunnable = 126;
/** Of what a check says on stderr, the end is told when it cannot be run. */
const saidMax = 500;

/** Gives the state to the command's stdin; whether it found it good. */
async function isGood(log: LogReader, position: number, command: string): Promise<boolean> {
  const state = await foldLog(log, { to: position });
  const child = spawn('/bin/sh', ['-c', command], {
    stdio: ['pipe', 'ignore', 'pipe'],
    env: { ...process.env, HOLDFAST_POSITION: String(position) },
  });
  // A check may have seen enough before it has read everything.
  child.stdin.on('error', () => {});
  child.stdin.end(JSON.stringify(state));
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (said = (said + text).slice(-saidMax)));
  const [code, signal] = (await once(child, 'close')) as [number | null, string | null];
  if (code === null || code >= notRunnable) {
    throw new Failure(
      'HOLDFAST_CHECK_NOT_RUN',
      `the check could not be run at position ${position}: ${signal ?? `exit ${code}`} ${oneLine(said)}`,
      {
        remedy: 'run it by hand on `holdfast show -o json`; exit 0 means good, 1 to 125 bad',
        details: { position, code, signal, said },
      },
    );
  }
  return code === 0;
}

/** The last position of the batch that holds this one: in between nothing was ever true. */
async function batchEnd(log: LogReader, position: number): Promise<number> {
  for await (const [event] of log.read({ from: position, to: position })) return event!.batch + event!.of - 1;
  return position;
}

interface Options {
  readonly check: string;
  readonly from?: number;
  readonly to?: number;
}

export const bisectVerb: Verb = (program) => {
  program
    .command('bisect')
    .description('the first batch after which a check on the state fails; exit 1 if there is one')
    .requiredOption('--check <command>', 'gets the state as JSON on stdin; exit 0: good, 1 to 125: bad')
    .option('--from <n>', 'known to be good (default: before the first event)', whole(0))
    .option('--to <n>', 'where to stop looking (default: the end)', whole(1))
    .addHelpText(
      'after',
      examples('bisect --check \'jq -e ".slots.held <= 3"\'', "bisect --from 100 --check './check-state.sh' -o json"),
    )
    .action(
      acting(({ dir, out }, { check, from, to }: Options) =>
        reading(dir, async (log) => {
          let good = from ?? 0;
          let bad = await batchEnd(log, within(log, to));
          let looks = 1;
          if (await isGood(log, bad, check)) {
            await out.show({ found: false, looks }, () => [`the check does not fail at position ${bad}`]);
            return exit.done;
          }
          while (bad - good > 1) {
            const middle = Math.min(await batchEnd(log, good + Math.floor((bad - good) / 2)), bad);
            // The batch in the middle reaches to the end of the stretch: look at what lies before it.
            const probe = middle < bad ? middle : await before(log, bad, good);
            if (probe <= good) break;
            looks += 1;
            if (out.isTerminal) tell(`looking at ${probe} (between ${good} and ${bad})\n`);
            if (await isGood(log, probe, check)) good = probe;
            else bad = probe;
          }
          const evidence = new Evidence(log);
          const last = (await evidence.at(bad))!;
          for await (const page of log.read({ from: last.batch, to: bad })) {
            for (const { position } of page) evidence.add(await evidence.at(position));
          }
          const events = evidence.inOrder();
          const names = new Names();
          await names.learn(log, events);
          await out.show({ found: true, position: bad, good, looks, events }, () => [
            `good after ${good}, bad after ${bad} (${looks} looks)`,
            ...events.map((event) => line(event, names)),
          ]);
          return exit.refused;
        }),
      ),
    );
};

/** The last position of the batch before the one that ends at `position`. */
async function before(log: LogReader, position: number, atLeast: number): Promise<number> {
  for await (const [event] of log.read({ from: position, to: position })) return Math.max(event!.batch - 1, atLeast);
  return atLeast;
}
