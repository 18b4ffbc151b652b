/** The thread that `fuzzAside` starts: it fuzzes, tells what it does, and counts the histories that it begins. */
import { parentPort, workerData } from 'node:worker_threads';
import { Failure } from '../failure.ts';
import { type FuzzOptions, fuzz } from './fuzz.ts';

export interface Given {
  readonly options: Omit<FuzzOptions, 'signal'>;
  /** Histories begun, and the seed of the newest. */
  readonly pulse: Int32Array;
}

const { options, pulse } = workerData as Given;
const stop = new AbortController();
const port = parentPort!;
port.on('message', () => stop.abort());

try {
  const fuzzed = await fuzz({
    ...options,
    signal: stop.signal,
    onProgress: (counts) => port.postMessage({ counts }),
    onFound: (failure) => port.postMessage({ failure }),
    onBegin: ({ seed }) => {
      Atomics.store(pulse, 1, seed);
      Atomics.add(pulse, 0, 1);
    },
  });
  port.postMessage({ fuzzed });
} catch (error) {
  if (!(error instanceof Failure)) throw error;
  const { code, message, remedy, details } = error;
  port.postMessage({ refused: { code, message, remedy, details } });
} finally {
  port.close();
}
