/** `replay`: folds from the first event, without snapshots, to any position. It only reads. */
import { defaultLimits } from '../../../events/limits.ts';
import { apply } from '../../../projections/apply.ts';
import { emptyState, type State, stateVersion } from '../../../projections/state.ts';
import { decoded, stateHash } from '../../engine/fold.ts';
import { Failure } from '../../failure.ts';
import type { LogReader } from '../../log/port.ts';
import { columns } from '../../words/line.ts';
import { Watch } from '../live/watch.ts';
import { reading, within } from '../opened.ts';
import { acting, examples, type Setting, type Verb, whole } from '../setting.ts';
import { rehearse } from './rehearse.ts';

export interface Replayed {
  readonly position: number;
  readonly events: number;
  readonly stateVersion: number;
  readonly stateHash: string;
}

const replayedOf = (state: State, events: number): Replayed => ({
  position: state.position,
  events,
  stateVersion,
  stateHash: stateHash(state),
});

/** One result each `every` events and one at the end. */
async function* replay(log: LogReader, to: number, every?: number): AsyncGenerator<Replayed, void, void> {
  const state = emptyState(defaultLimits);
  let events = 0;
  for await (const page of log.read({ to })) {
    for (const event of page) {
      apply(state, decoded(event));
      events += 1;
      if (every !== undefined && events % every === 0 && event.position < to) yield replayedOf(state, events);
    }
  }
  yield replayedOf(state, events);
}

const text = (r: Replayed): string[] =>
  columns([
    ['position', String(r.position)],
    ['events', String(r.events)],
    ['stateVersion', String(r.stateVersion)],
    ['stateHash', r.stateHash],
  ]);

export const replayVerb: Verb = (program) => {
  program
    .command('replay')
    .description('fold from the first event; prints {position, events, stateVersion, stateHash}')
    .option('--at <n>', 'up to this position instead of to the end', whole(1))
    .option('--every <k>', 'a line each K events, too', whole(1))
    .option('--watch', 'step through it on the terminal, forwards and backwards')
    .option('--policy <policy>', 'slots and memory under other rules: `slots=5,residents=8,slru` or `codex-v2(max=4)`')
    .option('--steps', 'with --policy: each slot that would be given, refused or given back, too')
    .addHelpText(
      'after',
      examples(
        'replay',
        'replay --at 120 -o json',
        'replay --every 1000 -o jsonl',
        'replay --watch --at 120',
        'replay --policy slots=5,residents=8,slru',
        "replay --policy 'codex-v1(max=6)' --steps",
      ),
    )
    .action(acting(act));
};

interface Options {
  readonly at?: number;
  readonly every?: number;
  readonly watch?: boolean;
  readonly policy?: string;
  readonly steps?: boolean;
}

async function watch({ dir, out }: Setting, at: number | undefined): Promise<void> {
  if (!out.isTerminal || process.stdin.isTTY !== true || out.format !== 'text') {
    throw new Failure('HOLDFAST_USAGE', '--watch needs a terminal', {
      remedy: 'without one: `holdfast replay --every K`, or `holdfast show --at N`',
    });
  }
  await reading(dir, (log) => Watch.show(log, out, within(log, at ?? 1), within(log, undefined)));
}

async function act(setting: Setting, { at, every, policy, steps = false, ...more }: Options): Promise<void> {
  if ((policy !== undefined && every !== undefined) || (policy === undefined && steps)) {
    throw new Failure('HOLDFAST_USAGE', '--policy goes without --every, and --steps goes with --policy', {
      remedy: '`holdfast replay --help` shows how',
    });
  }
  if (more.watch === true) {
    if (policy !== undefined || every !== undefined)
      throw new Failure('HOLDFAST_USAGE', '--watch goes with --at only', { remedy: 'leave out the other option' });
    return watch(setting, at);
  }
  const { dir, out } = setting;
  if (policy !== undefined) return rehearse(setting, { text: policy, steps, ...(at !== undefined && { at }) });
  return reading(dir, async (log) => {
    const to = within(log, at);
    if (every === undefined) {
      for await (const replayed of replay(log, to)) await out.show(replayed, () => text(replayed));
      return;
    }
    const all: Replayed[] = [];
    for await (const replayed of replay(log, to, every)) {
      if (out.format === 'json') all.push(replayed);
      else await out.show(replayed, () => [`#${replayed.position} ${replayed.stateHash}`]);
    }
    if (out.format === 'json') await out.show(all, () => []);
  });
}
