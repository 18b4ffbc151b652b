/** The disk of the world: what is durable of the log, through all lives of the engine. */
import type { Envelope } from '../../../events/envelope.ts';
import type { Log } from '../../log/port.ts';
import type { Touches } from '../../log/postings.ts';
import type { Plant } from '../plants/plant.ts';
import type { Random } from '../random.ts';
import type { Schedule } from '../schedule.ts';
import type { Syncs, SyncTemper } from './syncs.ts';

export interface DiskTemper extends SyncTemper {
  /** Frames, HEAD and recovery as on a real disk, instead of whole groups in memory. */
  readonly frames?: boolean;
}

export interface DiskParts {
  readonly schedule: Schedule;
  readonly random: Random;
  readonly temper: DiskTemper;
  /** Index keys of an event beyond its stream. */
  readonly touches?: Touches;
  /** A planted defect between the log and its disk. */
  readonly plant?: Plant['disk'];
}

/** `power`: everything goes down, and with it what was written and not synced; else only the engine dies. */
export interface Cut {
  readonly synced: boolean;
  readonly power: boolean;
}

export interface Disk {
  readonly syncs: Syncs;
  /** What is durable, in order. */
  readonly events: readonly Envelope[];
  readonly batches: number;
  /** What is there, opened by a life of the engine. */
  open(life: number): Promise<Log>;
  /** The engine dies in the middle of what it writes; true if some of that got through. */
  cut(life: number, cut: Cut): boolean;
  /** What is durable, to read when everything is over. */
  reader(): Log;
  /** Nobody has it open: a copy of it is damaged in all ways, and the log has to see where. */
  damage?(r: Random): Promise<void>;
}
