/** A history: a seed for everything outside, a fleet, and the list of what is done to it, from which any part can be left out. */
import type { Approvals, Limits } from '../../events/fleetFile.ts';
import type { RootGiven } from '../decide/command.ts';
import type { DiskTemper } from './disk/disk.ts';
import type { Temper } from './models.ts';
import { mix, Random } from './random.ts';
import type { RegistrarTemper } from './registrar.ts';
import { drawAttention } from './steps/attended.ts';
import { drawVisit } from './steps/clients.ts';
import { drawStep, drawWeights, type Step } from './steps/kinds.ts';
import { drawPause } from './steps/pause.ts';
import { drawTrouble } from './steps/registrar.ts';

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

/** Fleets that are registered; drawn from chance of their own, so that the others are as they were. */
const registeredPercent = 40;

function registered(history: History): History {
  const r = new Random(mix(history.seed, 'registrar'));
  if (!r.chance(registeredPercent)) return history;
  const often = (percent: number, value: number) => (r.chance(percent) ? value : 0);
  const registrar: RegistrarTemper = {
    slow: often(60, 40),
    fails: often(40, 20),
    hangs: often(25, 8),
    ttlMs: r.chance(40) ? r.between(1_000, 20_000) : 0,
    forgets: r.chance(25),
    strict: r.chance(12),
  };
  const steps = [...history.steps];
  const troubles = r.chance(70) ? r.between(1, 8) : 0;
  for (let n = 0; n < troubles; n += 1) steps.splice(r.below(steps.length + 1), 0, drawTrouble(r));
  return { ...history, setup: { ...history.setup, registrar }, steps };
}

/** Fleets that clients come to; from chance of their own too. */
const visitedPercent = 25;

function visited(history: History): History {
  const r = new Random(mix(history.seed, 'clients'));
  if (!r.chance(visitedPercent)) return history;
  const steps = [...history.steps];
  const visits = r.between(5, 25);
  for (let n = 0; n < visits; n += 1) steps.splice(r.below(steps.length + 1), 0, drawVisit(r));
  return { ...history, steps };
}

/** Fleets that ask people; drawn from chance of their own, too. */
const attendedPercent = 25;

function attended(history: History): History {
  const r = new Random(mix(history.seed, 'attended'));
  if (!r.chance(attendedPercent)) return history;
  const approvals: Approvals = {
    mode: r.pick(['ask', 'ask', 'ask', 'auto', 'deny']),
    ...(r.chance(50) && { allow: [r.pick(['true', 'make', 'cat', 'sleep 9'])] }),
    ...(r.chance(50) && { deny: [r.pick(['yes', 'make', 'sleep *'])] }),
    ...(r.chance(50) && { park: true }),
  };
  const steps = [...history.steps];
  const answers = r.between(0, 10);
  for (let n = 0; n < answers; n += 1) steps.splice(r.below(steps.length + 1), 0, drawAttention(r));
  return { ...history, setup: { ...history.setup, approvals }, steps };
}

/** Histories on a disk with frames, HEAD and recovery: they take longer. */
const framesPercent = 25;
/** Histories with a pause: each is a third of a history of usual length. */
const pausesPercent = 25;

export function historyOf(seed: number, length = 30): History {
  const r = new Random(seed);
  const setup = setupOf(r);
  const weights = drawWeights(r);
  const steps = Array.from({ length }, () => drawStep(r, weights));
  if (r.chance(pausesPercent)) {
    const pause = drawPause(r).slice(0, length);
    steps.splice(r.below(length - pause.length + 1), pause.length, ...pause);
  }
  return attended(visited(registered({ seed, setup, steps })));
}
