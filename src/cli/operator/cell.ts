/** `cell run|observe|resume|terminate`: JavaScript in a cell of an agent, looked at as often as one likes and gone on with by hand. */
import { readFileSync } from 'node:fs';
import { Option } from 'commander';
import type { CellView } from '../../engine/cellOutput.ts';
import { shown } from '../../engine/cellOutput.ts';
import { Failure } from '../../failure.ts';
import { exit } from '../exitCodes.ts';
import { tell } from '../output.ts';
import { acting, commandLine, examples, type Setting, type Verb, whole } from '../setting.ts';
import { type AskFleet, withFleet, withReader } from './cellDoor.ts';

/** One question waits this long for something new: a connection that is gone is noticed within it. */
const lookMs = 10_000;

const isOver = ({ state }: CellView): boolean => state !== 'running' && state !== 'pending';

/** What is said of a cell beside its output. */
function standing(setting: Setting, view: CellView): string {
  const { cellId, state, generation, pending = [], end } = view;
  const { dir } = setting;
  if (state === 'pending') {
    const calls = pending.length === 0 ? 'no call' : pending.join(', ');
    return `cell ${cellId} stands at generation ${generation}, waiting for ${calls}: ${commandLine(dir, 'cell', 'resume', cellId, String(generation))}`;
  }
  if (state === 'running') return `cell ${cellId} goes on: ${commandLine(dir, 'cell', 'observe', cellId)}`;
  const why = end?.error ?? end?.reason;
  const left = end !== undefined && end.processes.length > 0 ? `; it leaves ${end.processes.join(', ')} running` : '';
  const conflicts = end !== undefined && end.conflicts.length > 0 ? `; not stored: ${end.conflicts.join(', ')}` : '';
  return `cell ${cellId} ${state}${why === undefined ? '' : `: ${why}`}${left}${conflicts}`;
}

/** Shows what is new from item `from` on until the cell ends or stands, or for a time. Gives the exit code. */
async function follow(setting: Setting, ask: AskFleet, cellId: string, from: number, waitMs: number): Promise<number> {
  const { out } = setting;
  const until = Date.now() + waitMs;
  const items: CellView['items'][number][] = [];
  let next = from;
  for (;;) {
    const left = Math.max(0, until - Date.now());
    const view = await ask<CellView>('observeCell', {
      cellId,
      from: next,
      waitMs: Math.min(lookMs, left),
      frontier: false,
      reader: 'operator',
    });
    next = view.next;
    items.push(...view.items);
    if (out.format === 'text') await out.lines(view.items.map(shown));
    else if (out.format === 'jsonl') await out.show(view.items, () => []);
    if (!isOver(view) && view.state !== 'pending' && left > 0) continue;
    const whole = { ...view, items };
    if (out.format === 'json') await out.show(whole, () => []);
    else if (out.format === 'jsonl') await out.show({ ...view, items: undefined }, () => []);
    else tell(`${standing(setting, view)}\n`);
    return view.state === 'failed' || view.state === 'lost' ? exit.refused : exit.done;
  }
}

/** About a month: until it ends or stands. */
const foreverMs = 2 ** 31;

function sourceOf(file: string): string {
  try {
    return readFileSync(file === '-' ? 0 : file, 'utf8');
  } catch (cause) {
    throw new Failure('HOLDFAST_FILE_UNREADABLE', `the script ${file} cannot be read`, {
      remedy: 'name a file with JavaScript, or `-` for the standard input',
      cause,
      details: { file },
    });
  }
}

interface RunOptions {
  readonly agent: string;
  readonly pause?: boolean;
  readonly key?: string;
  readonly wait?: number;
}

const run = (setting: Setting, file: string, { agent, pause, key, wait }: RunOptions): Promise<number> => {
  const source = sourceOf(file);
  const policy = pause === true ? 'PauseAtPendingFrontier' : 'ContinueWhenUnblocked';
  return withFleet(
    setting,
    async (ask) => {
      const { cellId } = await ask<{ cellId: string }>('createCell', { target: agent, source, policy, key });
      return follow(setting, ask, cellId, 0, wait ?? foreverMs);
    },
    { orNew: true },
  );
};

export const cellVerb: Verb = (program) => {
  const cell = program
    .command('cell')
    .description('JavaScript cells: run one, look at it, let it go on, end it')
    .addHelpText('after', examples('cell run check.js', 'cell observe 3', 'cell resume 3 1', 'cell terminate 3'));
  cell
    .command('run')
    .description('run a script in a new cell of an agent; shows what it prints until it ends or stands at a frontier')
    .argument('<file.js>', 'an ES module with top-level await; - for the standard input')
    .option('--agent <path>', 'for whom: a path, NAME:/root/x, or an id', '/root')
    .option('--pause', 'stop at each frontier until `cell resume`')
    .option('--wait <ms>', 'look on for so long; the cell goes on', whole())
    .option('--key <key>', 'the same key with the same script is run once, also after a crash')
    .addHelpText(
      'after',
      examples('cell run check.js', 'cell run check.js --pause', 'cell run - --agent /root/builder < check.js'),
    )
    .action(acting(run));
  cell
    .command('observe')
    .description('what a cell has printed, and where it stands')
    .argument('<id>', 'the number of the cell')
    .option('--from <n>', 'items that are known already', whole(), 0)
    .addOption(new Option('--wait <ms>', 'wait so long for something new').argParser(whole()).default(0))
    .addHelpText('after', examples('cell observe 3', 'cell observe 3 --from 10 --wait 60000 -o jsonl'))
    .action(
      acting((setting, cellId: string, { from, wait }: { from: number; wait: number }) =>
        withReader(setting, (ask, live) => follow(setting, ask, cellId, from, live ? wait : 0)),
      ),
    );
  cell
    .command('resume')
    .description('let a pausing cell go on from the frontier where it stands, once')
    .argument('<id>', 'the number of the cell')
    .argument('<generation>', 'the generation of the frontier', whole(1))
    .option('--wait <ms>', 'look on for so long; the cell goes on', whole())
    .addHelpText('after', examples('cell resume 3 1'))
    .action(
      acting((setting, cellId: string, generation: number, { wait }: { wait?: number }) =>
        withFleet(setting, async (ask) => {
          const { next } = await ask<CellView>('observeCell', { cellId, waitMs: 0, frontier: true });
          const { outcome } = await ask<{ outcome: string }>('resumeCell', { cellId, generation });
          if (outcome === 'already-running') {
            await setting.out.show({ cellId, generation, outcome }, () => [
              `generation ${generation} of cell ${cellId} was resumed before`,
            ]);
            return exit.done;
          }
          return follow(setting, ask, cellId, next, wait ?? foreverMs);
        }),
      ),
    );
  cell
    .command('terminate')
    .description('end a cell, whatever it does; nothing of what it stored is kept')
    .argument('<id>', 'the number of the cell')
    .option('--reason <text>', 'why; it is recorded')
    .addHelpText('after', examples('cell terminate 3', "cell terminate 3 --reason 'not needed any more'"))
    .action(
      acting((setting, cellId: string, { reason }: { reason?: string }) =>
        withFleet(setting, async (ask) => {
          const answer = await ask<{ outcome: string; end: string }>('terminateCell', { cellId, reason });
          await setting.out.show(answer, () => [
            answer.outcome === 'terminated' ? `cell ${cellId} terminated` : `cell ${cellId} had ended: ${answer.end}`,
          ]);
        }),
      ),
    );
};
