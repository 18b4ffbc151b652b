/** Histories one after the other until one breaks a promise: which, and the shortest list of commands that does it again. */
import { createHash } from 'node:crypto';
import { type Coverage, Reached } from './coverage.ts';
import { asViolation } from './explore.ts';
import { type History, historyOf } from './history.ts';
import { type Own, withFleet } from './own.ts';
import { plantNamed } from './plants/registry.ts';
import { runHistory } from './run.ts';
import { shrunk } from './shrink.ts';
import type { World } from './world.ts';

/** Every so many seeds the costlier checks are made as well; which ones depends on the seed, so that a run can be repeated. */
const thoroughEvery = 8;
/** Between two looks of the event loop at timers and signals. */
const breathMs = 50;

export interface FuzzOptions extends Own {
  /** Seed of the first history; the others follow. */
  readonly seed: number;
  readonly runs: number;
  /** No history is begun after so long. */
  readonly seconds?: number;
  /** A defect that is put back into the engine. */
  readonly plant?: string;
  /** Steps per history. */
  readonly length?: number;
  /** false: the failing history is given as it was found. */
  readonly shrink?: boolean;
  readonly signal?: AbortSignal;
  readonly onProgress?: (so: FuzzCounts) => void;
  /** A history begins, also of those that are tried while one is made shorter. */
  readonly onBegin?: (history: History) => void;
  /** A promise is broken; the shortest history that does it is still to be looked for. */
  readonly onFound?: (failure: FuzzFailure) => void;
}

export interface FuzzCounts {
  readonly runs: number;
  readonly events: number;
  /** Histories per second. */
  readonly perSecond: number;
  readonly eventsPerSecond: number;
  readonly faults: number;
  readonly crashes: number;
}

export interface FuzzFailure {
  /** 1 for the first history. */
  readonly run: number;
  readonly seed: number;
  /** `I3`, `SL9`, … */
  readonly violated: string;
  readonly message: string;
  readonly history: History;
  /** It was ended from outside: whoever runs it again in the same thread waits for ever. */
  readonly endless?: true;
}

export interface Fuzzed extends FuzzCounts {
  /** SHA-256 over the hashes of all logs that kept their promises: the same seeds give the same on every machine and Node. */
  readonly logs: string;
  readonly coverage: Coverage;
  readonly failure?: FuzzFailure;
}

export interface Outcome {
  readonly world: World;
  /** What is broken; undefined when all promises are kept. */
  readonly broken: { readonly violated: string; readonly message: string } | undefined;
  /** Hash of its log, when nothing is broken. */
  readonly logHash?: string;
}

/** Runs one history as `fuzz` does. */
export async function outcomeOf(history: History, own: Own = {}): Promise<Outcome> {
  let world: World | undefined;
  const onWorld = (made: World) => {
    world = made;
  };
  const thorough = history.seed % thoroughEvery === 0;
  try {
    const { logHash } = await runHistory(history, { thorough, onWorld, ...own });
    return { world: world!, broken: undefined, logHash };
  } catch (error) {
    const { broken: violated, message } = asViolation(error);
    return { world: world!, broken: { violated, message } };
  }
}

export async function fuzz(options: FuzzOptions): Promise<Fuzzed> {
  const { seed: first, runs: runsMax, seconds = Number.POSITIVE_INFINITY, plant, length, shrink = true } = options;
  const { signal, onProgress, onBegin, onFound, fleet } = options;
  const own = ownOf(options);
  if (plant !== undefined) plantNamed(plant);
  const start = performance.now();
  const reached = new Reached();
  const logs = createHash('sha256');
  let [runs, events, faults, crashes, breath] = [0, 0, 0, 0, start];
  const counts = (): FuzzCounts => {
    const passed = Math.max(performance.now() - start, 1) / 1000;
    const rate = (n: number) => Math.round((n / passed) * 10) / 10;
    const all = faults + reached.faults;
    return { runs, events, perSecond: rate(runs), eventsPerSecond: Math.round(events / passed), faults: all, crashes };
  };
  while (runs < runsMax && !signal?.aborted && performance.now() - start < seconds * 1000) {
    if (performance.now() - breath > breathMs) {
      onProgress?.(counts());
      await new Promise(setImmediate);
      breath = performance.now();
    }
    const drawn = withFleet(historyOf(first + runs, length), fleet);
    const history = { ...drawn, ...(plant !== undefined && { plant }) };
    onBegin?.(history);
    const { world, broken, logHash = '' } = await outcomeOf(history, own);
    logs.update(logHash);
    runs += 1;
    events += world.events.length;
    crashes += world.crashes;
    faults += world.disk.syncs.failures + world.hosts.kills;
    reached.add(world.events);
    if (broken === undefined) continue;
    const so = counts();
    onFound?.({ run: runs, seed: history.seed, ...broken, history });
    const found = shrink ? await shortest(history, broken, options) : { ...broken, history };
    const failure = { run: runs, seed: history.seed, ...found };
    return { ...so, logs: logs.digest('hex'), coverage: reached.coverage, failure };
  }
  return { ...counts(), logs: logs.digest('hex'), coverage: reached.coverage };
}

/** The fleet is in the history already. */
const ownOf = ({ model, command, decide }: FuzzOptions): Own => ({
  ...(model && { model }),
  ...(command && { command }),
  ...(decide && { decide }),
});

type Broken = NonNullable<Outcome['broken']>;

/** The shortest history that breaks the same promise, and how it does. */
async function shortest(history: History, found: Broken, options: FuzzOptions): Promise<Broken & { history: History }> {
  const { signal, onBegin } = options;
  const own = ownOf(options);
  let last = found;
  let breath = performance.now();
  const short = await shrunk(history, async (candidate) => {
    if (performance.now() - breath > breathMs) {
      await new Promise(setImmediate);
      breath = performance.now();
    }
    if (signal?.aborted) return false;
    onBegin?.(candidate);
    const { broken } = await outcomeOf(candidate, own);
    if (broken?.violated !== found.violated) return false;
    last = broken;
    return true;
  });
  return { ...last, history: short };
}
