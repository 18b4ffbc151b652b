/**
 * Fuzzing in a thread of its own. An engine that goes round in circles and asks nobody for anything keeps its thread for
 * ever, so that no count and no timer there could end the history: here somebody watches from outside.
 */
import { Worker } from 'node:worker_threads';
import { Failure } from '../failure.ts';
import type { FuzzCounts, Fuzzed, FuzzFailure, FuzzOptions } from './fuzz.ts';
import type { Given } from './fuzzThread.ts';
import { historyOf } from './history.ts';

/** Between two looks at whether another history has begun. */
const lookMs = 250;

/** What can be sent to a thread: models, commands and policies of one's own cannot. */
export interface AsideOptions
  extends Pick<FuzzOptions, 'seed' | 'runs' | 'seconds' | 'plant' | 'length' | 'signal' | 'onProgress'> {
  /** A history that takes longer does not end. */
  readonly historyMsMax: number;
}

/** A world is made, used and forgotten: where there is room for some of them, most are garbage before the collector looks. */
const youngMb = 96;

interface Told {
  readonly counts?: FuzzCounts;
  readonly failure?: FuzzFailure;
  readonly fuzzed?: Fuzzed;
  readonly refused?: { readonly code: string; readonly message: string; readonly remedy?: string };
}

const nothing: Fuzzed = {
  runs: 0,
  events: 0,
  perSecond: 0,
  eventsPerSecond: 0,
  faults: 0,
  crashes: 0,
  logs: '',
  coverage: { events: {}, missing: [], kinds: 0, promises: [], statuses: {} },
};

export function fuzzAside({ signal, onProgress, historyMsMax, ...options }: AsideOptions): Promise<Fuzzed> {
  const pulse = new Int32Array(new SharedArrayBuffer(8));
  const worker = new Worker(new URL('./fuzzThread.js', import.meta.url), {
    workerData: { options, pulse } satisfies Given,
    resourceLimits: { maxYoungGenerationSizeMb: youngMb },
  });
  let counts: FuzzCounts = nothing;
  let found: FuzzFailure | undefined;

  /** The history that does not end; when one was being made shorter, the one that was found. */
  const stuck = (): FuzzFailure => {
    if (found !== undefined) return found;
    const seed = Atomics.load(pulse, 1);
    const { plant } = options;
    return {
      run: seed - options.seed + 1,
      seed,
      violated: 'LIVE',
      message: `[LIVE] the history has not ended after ${historyMsMax} ms: the engine goes round in circles and waits for nothing`,
      history: { ...historyOf(seed, options.length), ...(plant !== undefined && { plant }) },
      endless: true,
    };
  };

  return new Promise((resolve, reject) => {
    let begun = -1;
    let since = performance.now();
    const timer = setInterval(() => {
      const now = Atomics.load(pulse, 0);
      if (now !== begun) {
        begun = now;
        since = performance.now();
      }
      // Until the first one begins the thread is being loaded.
      if (begun === 0 || performance.now() - since < historyMsMax) return;
      worker.terminate();
      const failure = stuck();
      done(() => resolve({ ...nothing, ...counts, runs: failure.run, failure }));
    }, lookMs);
    const stop = () => worker.postMessage('stop');
    const done = (then: () => void) => {
      clearInterval(timer);
      signal?.removeEventListener('abort', stop);
      then();
    };
    signal?.addEventListener('abort', stop);
    worker.on('message', (told: Told) => {
      if (told.counts !== undefined) {
        counts = told.counts;
        onProgress?.(told.counts);
      }
      if (told.failure !== undefined) found = told.failure;
      if (told.fuzzed !== undefined) done(() => resolve(told.fuzzed!));
      if (told.refused !== undefined) {
        const { code, message, ...more } = told.refused;
        done(() => reject(new Failure(code, message, more)));
      }
    });
    worker.on('error', (error) => done(() => reject(error)));
  });
}
