/** A history: a seed for everything outside, a fleet, and the list of what is done to it, from which any part can be left out. */
import type { Approvals, Budget, Limits, Price } from '../../events/fleetFile.ts';
import type { RootGiven } from '../decide/command.ts';
import type { DiskTemper } from './disk/disk.ts';
import { ofItsKind } from './fleets.ts';
import type { Temper } from './models.ts';
import { mix, Random } from './random.ts';
import type { RegistrarTemper } from './registrar.ts';
import { drawLikes } from './says.ts';
import { drawStep, drawWeights, type Step } from './steps/kinds.ts';
import { drawPause } from './steps/pause.ts';
import type { WorkspaceTemper } from './workspaces.ts';

export type { Step };

export interface Setup {
  readonly limits: Omit<Limits, 'onFull'> & Partial<Pick<Limits, 'onFull'>>;
  readonly onCrash: 'resume' | 'interrupt';
  readonly attempts: number;
  readonly roots: readonly RootGiven[];
  readonly disk: DiskTemper;
  readonly models: Temper;
  /** Absent: commands run as they come. */
  readonly approvals?: Approvals;
  /** Absent: agents are registered nowhere. */
  readonly registrar?: RegistrarTemper;
  /** Absent: models cost nothing that anybody counts. */
  readonly spending?: {
    readonly budget: Budget;
    readonly prices?: Readonly<Record<'script' | 'other' | 'client', Price>>;
  };
  /** Absent: all agents work in one folder. */
  readonly workspaces?: WorkspaceTemper;
  /** Events between two snapshots; absent: there are none. */
  readonly snapshotEvery?: number;
  /** The fleet takes secrets out of its log. */
  readonly redact?: true;
}

export interface History {
  readonly seed: number;
  readonly setup: Setup;
  /** Name of a defect that is put back into the engine for it (`plants/`). */
  readonly plant?: string;
  readonly steps: readonly Step[];
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
      onFull: r.pick(['refuse', 'refuse', 'prune']),
      depth: r.between(1, 4),
      cells: r.chance(10) ? 0 : r.between(1, 5),
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
    disk: { slow: often(50, 40), fail: often(15, 5), ...(r.chance(framesPercent) && { frames: true }) },
    models: {
      ends: r.pick([15, 30, 50]),
      absurd: often(50, 12),
      fails: often(50, 15),
      hangs: often(40, 6),
      late: often(70, 50),
      clings: often(30, 20),
      cells: often(60, 14),
    },
    ...(r.chance(20) && { redact: true }),
    ...(r.chance(30) && { snapshotEvery: r.between(20, 80) }),
  };
}

/** Histories on a disk with frames, HEAD and recovery: they take longer. */
const framesPercent = 25;
/** Histories with a pause: each is a third of a history of usual length. */
const pausesPercent = 25;

/** Most histories are short, because they are many; some last long enough for what needs a past. */
const lengthOf = (seed: number): number => (seed % 10 === 0 ? 100 : 30);

export function historyOf(seed: number, length = lengthOf(seed)): History {
  const r = new Random(seed);
  const likes = drawLikes(new Random(mix(seed, 'likes')));
  const plain = setupOf(r);
  const setup = { ...plain, models: { ...plain.models, ...(likes && { likes }) } };
  const swarm = new Random(mix(seed, 'swarm'));
  const weights = drawWeights(r, swarm);
  const keyed = swarm.chance(20) ? 50 : 12;
  const steps = Array.from({ length }, () => drawStep(r, weights, keyed));
  if (r.chance(pausesPercent)) {
    const pause = drawPause(r).slice(0, length);
    steps.splice(r.below(length - pause.length + 1), pause.length, ...pause);
  }
  return ofItsKind({ seed, setup, steps });
}
