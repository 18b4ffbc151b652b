/** What the pool and its threads tell each other: jobs one way, results the other, and claims in shared memory between them. */
import type { CellLimits } from '../../events/cell.ts';
import type { QuickJsModule } from './quickjs.ts';
import type { Told } from './report.ts';
import type { Beginning, Deliveries } from './steps.ts';

/**
 * Who has a job: it is queued by the pool, claimed by the thread that begins it, withdrawn by the pool when another thread
 * shall do it, and stopped by the pool while it runs. Only one side can win each of these steps.
 */
export const claims = { none: 0, queued: 1, claimed: 2, withdrawn: 3, stopped: 4 } as const;

/** Jobs that one thread can have at a time. */
export const claimsMax = 256;

/** What a thread begins with. */
export interface ThreadData {
  readonly module: QuickJsModule;
  /** Int32, one word for each claim. */
  readonly claims: SharedArrayBuffer;
}

/** A cell at rest, in memory that all threads share. */
export interface SharedImage {
  bytes: SharedArrayBuffer;
  size: number;
  pages: number;
  main: number;
  /** Another one after each job; a thread that has this one in its machine need not load it. */
  serial: number;
}

export interface Job {
  /** Its word among the claims. */
  readonly claim: number;
  /** For the image that comes out. */
  readonly serial: number;
  readonly image: SharedImage;
  readonly limits: CellLimits;
  /** Of the processor, so far. */
  readonly cpuMs: number;
  readonly inputs: Deliveries;
  /** The cell is made; the inputs are recorded ones. */
  readonly beginning?: Beginning;
}

export interface Result {
  readonly claim: number;
  readonly serial: number;
  readonly told: Told;
  readonly cpuMs: number;
  /** The cell at rest; none when it has ended. `bytes` only when there was no room in the old ones. */
  readonly image?: Omit<SharedImage, 'bytes' | 'serial'> & { readonly bytes?: SharedArrayBuffer };
  /** The pool asked for something that is not possible. */
  readonly defect?: string;
}

export type FromThread = { readonly ready: true; readonly threadId?: string } | Result;

/** Memory for images is taken in pieces of this size. */
const grainBytes = 65_536;

export const roomFor = (bytes: number): SharedArrayBuffer =>
  new SharedArrayBuffer(Math.ceil(bytes / grainBytes) * grainBytes);
