/** What is somebody's own in a world: their models, their commands, their fleet, their decisions. The rest is drawn from the seed. */
import type { Tamper } from '../engine/tamper.ts';
import type { Model } from '../models/port.ts';
import type { CellsOutside } from './cells.ts';
import type { History, Setup } from './history.ts';
import type { Schedule } from './schedule.ts';

/** Makes the model of one life: time and delays come from the schedule, chance from a seed, or no two runs are the same. */
export type OwnModel = (schedule: Schedule, life: number) => Model;

/**
 * What a process does: what it writes, and after how long it ends with which code (default: at once, with 0; Infinity: not
 * by itself); or why it cannot be started.
 */
export type Course =
  | { readonly output?: string; readonly afterMs?: number; readonly code?: number }
  | { readonly error: string };

/** The tools behind `exec_command`: the same command of the same process takes the same course, in every life. */
export type OwnCommand = (command: string, processId: number) => Course;

export interface Own {
  /** Who answers for all models. */
  readonly model?: OwnModel;
  readonly command?: OwnCommand;
  /** What runs the scripts of cells; absent: they are lists of steps (`cellScript.ts`). */
  readonly machine?: CellsOutside['machine'];
  /** What is the same in all histories: limits, roots, `onCrash`, how often disks and models fail. */
  readonly fleet?: Partial<Omit<Setup, 'limits'>> & { readonly limits?: Partial<Setup['limits']> };
  /**
   * A policy of one's own: decides in place of the engine, whose decision it may ask for. What it answers is no longer held
   * against the sequential model (LIN), which knows the engine's policy only; all else is.
   */
  readonly decide?: Tamper['decide'];
}

export function withFleet(history: History, fleet: Own['fleet']): History {
  if (fleet === undefined) return history;
  const { setup } = history;
  return { ...history, setup: { ...setup, ...fleet, limits: { ...setup.limits, ...fleet.limits } } };
}
