/** The program of a thread of the pool: takes jobs one by one, runs each in its machine, and keeps nothing that is needed. */
import { parentPort, workerData } from 'node:worker_threads';
import { Failure } from '../failure.ts';
import { cpuMsOf, ownThreadId } from './cpuTime.ts';
import { claims, type FromThread, type Job, type Result, roomFor, type ThreadData } from './jobs.ts';
import { Machine } from './machine.ts';
import { createSteps, feedSteps, type Guard, Steps, Stopped } from './steps.ts';

const { module, claims: shared } = workerData as ThreadData;
const words = new Int32Array(shared);
const threadId = ownThreadId();

/** Below this the clock on the wall is near enough, and cheaper to read. */
const briefMs = 2;

/** Time of the processor where a step takes long, so that a busy machine takes nothing from a cell. */
class Watch implements Guard {
  claim = 0;
  #start = 0;
  /** What the thread had had when the step began, as far as is known. */
  #cpuStart: number | undefined;

  begin(): void {
    this.#start = performance.now();
    this.#cpuStart = undefined;
  }

  over(ms: number): boolean {
    const wallMs = performance.now() - this.#start;
    if (wallMs >= briefMs && this.#cpuStart === undefined) this.#cpuMs(wallMs);
    return wallMs > ms && this.#cpuMs(wallMs) > ms;
  }

  spent(): number {
    const wallMs = performance.now() - this.#start;
    return wallMs < briefMs ? wallMs : this.#cpuMs(wallMs);
  }

  #cpuMs(wallMs: number): number {
    const cpuMs = cpuMsOf(threadId);
    if (cpuMs === undefined) return wallMs;
    this.#cpuStart ??= cpuMs - wallMs;
    return cpuMs - this.#cpuStart;
  }

  stopped(): boolean {
    return Atomics.load(words, this.claim) === claims.stopped;
  }
}

const watch = new Watch();
let machine = new Machine(module);
/** The serial of the image that the machine holds. */
let held = 0;

function run(job: Job): Result {
  const { claim, image, inputs, beginning } = job;
  const had = held;
  held = 0;
  watch.claim = claim;
  if (machine.memory.grown && had !== image.serial && machine.memory.pages > image.pages) machine = new Machine(module);
  const steps = new Steps(machine, watch, job.limits, job.cpuMs);
  if (beginning !== undefined) createSteps(steps, beginning, inputs);
  else {
    if (had !== image.serial) machine.load({ ...image, bytes: new Uint8Array(image.bytes) });
    feedSteps(steps, inputs);
  }
  const { told, cpuMs } = steps.result;
  const result = { claim, serial: job.serial, told, cpuMs };
  if (told.end !== undefined) return result;
  let room = image.bytes;
  const { size, pages, main } = machine.save((bytes) => {
    if (room.byteLength < bytes) room = roomFor(bytes);
    return new Uint8Array(room);
  });
  held = job.serial;
  return { ...result, image: { size, pages, main, ...(room !== image.bytes && { bytes: room }) } };
}

function resultOf(job: Job): Result {
  const nothing = { claim: job.claim, serial: job.serial, told: { reports: [] }, cpuMs: job.cpuMs };
  try {
    return run(job);
  } catch (error) {
    if (error instanceof Stopped) return nothing;
    if (error instanceof Failure && error.code === 'HOLDFAST_DEFECT') return { ...nothing, defect: error.message };
    throw error;
  }
}

const tell = (message: FromThread): void => parentPort!.postMessage(message);

parentPort!.on('message', (jobs: readonly Job[]) => {
  for (const job of jobs) {
    if (Atomics.compareExchange(words, job.claim, claims.queued, claims.claimed) === claims.queued) tell(resultOf(job));
    else Atomics.store(words, job.claim, claims.none);
  }
});
tell({ ready: true, ...(threadId !== undefined && { threadId }) });
