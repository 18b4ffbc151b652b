/** A history: a seed for everything outside, a fleet, and the list of what is done to it, from which any part can be left out. */
import type { Limits } from '../../events/fleetFile.ts';
import type { RootGiven } from '../decide/command.ts';
import type { DiskTemper } from './disk.ts';
import type { Temper } from './models.ts';
import { Random } from './random.ts';

/** `key`: the command carries this key; the same key may come again with the same request or another. */
export type Step = {
  /** Completions that are delivered before it. */
  readonly after: number;
  readonly key?: string;
} & (
  | { readonly do: 'spawnRoot'; readonly name?: string; readonly wake: boolean; readonly model?: string }
  | { readonly do: 'send'; readonly target: string; readonly text: string; readonly followup: boolean }
  | { readonly do: 'interrupt'; readonly target: string; readonly cascade: boolean }
  | { readonly do: 'close'; readonly target: string }
  | { readonly do: 'evict'; readonly target: string }
  | { readonly do: 'changeLimits'; readonly limits: Readonly<Record<string, unknown>> }
  | { readonly do: 'look' }
  /** The engine dies; `synced`: what the disk was writing is on it. `skewMs`: the clock of the machine it starts on again. */
  | { readonly do: 'crash'; readonly synced: boolean; readonly skewMs: number }
  | { readonly do: 'restart' }
  | { readonly do: 'killHost'; readonly childrenToo: boolean }
);

export interface Setup {
  readonly limits: Omit<Limits, 'onFull' | 'cells'>;
  readonly onCrash: 'resume' | 'interrupt';
  readonly attempts: number;
  readonly roots: readonly RootGiven[];
  readonly disk: DiskTemper;
  readonly models: Temper;
}

export interface History {
  readonly seed: number;
  readonly setup: Setup;
  /** Name of a defect that is put back into the engine for it (`plants/`). */
  readonly plant?: string;
  readonly steps: readonly Step[];
}

const targets = ['/root', '/root/a', '/root/b', '/root/c', '/root/a/a', '/root/a/b', '/root/b/a'] as const;
const badTargets = [
  '',
  '/',
  'a',
  '/root/',
  'root:/root',
  'root2:/root/a',
  'nobody:/root',
  'constructor',
  '__proto__',
] as const;

/** `#3` stands for the id of the third agent. */
const target = (r: Random): string => {
  if (r.chance(25)) return `#${r.below(8)}`;
  return r.chance(5) ? r.pick(badTargets) : r.pick(targets);
};

const changes = (r: Random): Record<string, unknown> => {
  const limits: Record<string, unknown> = {};
  if (r.chance(60)) limits.activeTurns = r.below(5);
  if (r.chance(40)) limits.whenFull = r.pick(['refuse', 'queue']);
  if (r.chance(40)) limits.residents = r.below(6);
  if (r.chance(10)) limits.processes = r.below(4);
  if (r.chance(10)) limits.depth = r.below(4);
  if (r.chance(5)) limits[r.pick(['colour', 'activeTurns', 'whenFull'])] = r.pick([-1, 1.5, 'x', null]);
  return limits;
};

type Kind = Step['do'];

const usual: Readonly<Record<Kind, number>> = {
  send: 46,
  interrupt: 12,
  spawnRoot: 3,
  close: 5,
  evict: 5,
  changeLimits: 6,
  look: 4,
  crash: 8,
  restart: 2,
  killHost: 2,
};

function step(r: Random, weights: Readonly<Record<Kind, number>>): Step {
  const kind = r.weighted(weights);
  const after = r.chance(30) ? 0 : r.chance(8) ? r.between(30, 120) : r.below(12);
  const key = r.chance(12) && { key: `k${r.below(4)}` };
  const when = { after, ...key };
  switch (kind) {
    case 'spawnRoot':
      return {
        ...when,
        do: kind,
        wake: r.chance(40),
        ...(r.chance(40) && { name: `root${r.below(3)}` }),
        ...(r.chance(10) && { model: 'nobody' }),
      };
    case 'send':
      return {
        ...when,
        do: kind,
        target: target(r),
        text: r.chance(2) ? ' ' : `go ${r.below(9)}`,
        followup: r.chance(70),
      };
    case 'interrupt':
      return { ...when, do: kind, target: target(r), cascade: r.chance(30) };
    case 'close':
    case 'evict':
      return { ...when, do: kind, target: target(r) };
    case 'changeLimits':
      return { ...when, do: kind, limits: changes(r) };
    case 'crash':
      return { after, do: kind, synced: r.chance(50), skewMs: r.chance(15) ? r.between(-100_000, 100_000) : 0 };
    case 'killHost':
      return { after, do: kind, childrenToo: r.chance(50) };
    case 'look':
    case 'restart':
      return { after, do: kind };
  }
}

/** Kinds of trouble are switched on and off as a whole: many histories of few kinds find more than all kinds at once. */
function setupOf(r: Random): Setup {
  const often = (percent: number, value: number) => (r.chance(percent) ? value : 0);
  return {
    limits: {
      activeTurns: r.chance(4) ? 0 : r.between(1, 4),
      whenFull: r.pick(['refuse', 'queue']),
      residents: r.chance(15) ? 0 : r.between(1, 6),
      processes: r.between(1, 5),
      depth: r.between(1, 4),
      outputBytes: 600,
      waitMs: { min: 20, default: 2_000, max: 30_000 },
    },
    onCrash: r.chance(25) ? 'interrupt' : 'resume',
    attempts: r.between(1, 3),
    roots: r.chance(20)
      ? [
          { name: 'root', prompt: 'begin', wake: true },
          { name: 'root2', prompt: 'begin too', wake: false },
        ]
      : [{ prompt: 'begin', wake: r.chance(50) }],
    disk: { slow: often(50, 40), fail: often(15, 5) },
    models: {
      ends: r.pick([15, 30, 50]),
      absurd: often(50, 12),
      fails: often(50, 15),
      hangs: often(40, 6),
      late: often(70, 50),
      clings: often(30, 20),
    },
  };
}

export function historyOf(seed: number, length = 30): History {
  const r = new Random(seed);
  const setup = setupOf(r);
  const weights = { ...usual };
  if (r.chance(35)) weights.crash = 0;
  if (r.chance(30)) weights.crash *= 4;
  if (r.chance(50)) weights.changeLimits = 0;
  if (r.chance(60)) weights.killHost = 0;
  else if (r.chance(30)) weights.killHost *= 6;
  if (r.chance(50)) weights.close = 0;
  const steps = Array.from({ length }, () => step(r, weights));
  return { seed, setup, steps };
}
