/**
 * The cell port: who runs the JavaScript of a cell. A cell is a deterministic step machine: inputs go in one by one in log
 * order, and after each one all jobs are run (a *drain*) and one report comes out. So a cell that was lost with its
 * runtime is made again by creating it with its recorded inputs, and gives the same reports (CE9). The real runtime has
 * worker threads (`pool.ts`), the simulator runs the same machine in its own thread (`inline.ts`).
 */
import type { CellLimits } from '../../events/cell.ts';
import type { Outcome, ToolOutput } from '../../events/turn.ts';

/** A value that JSON can carry. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

export interface CellTool {
  /** As the tool table has it; the script sees it with every character that no identifier has as `_`. */
  readonly name: string;
  readonly description: string;
}

/** What `CellCreated` records. The same spec and the same inputs give the same drains on every machine. */
export interface CellSpec {
  readonly cellId: string;
  /** An ES module. */
  readonly source: string;
  readonly tools: readonly CellTool[];
  readonly seed: string;
  /** Of `CellCreated`, ms since 1970: what `Date.now()` says until the first input. */
  readonly at: number;
  /** What `load` finds: the store of the agent when the cell was created. */
  readonly store: Readonly<Record<string, Json>>;
  readonly limits: CellLimits;
}

export type CellInput =
  | {
      readonly kind: 'toolEnded';
      readonly callId: string;
      /** `ok` resolves the call with `fields`, or with `text` where there are none; everything else rejects it with `text`. */
      readonly outcome: Outcome;
      readonly output: ToolOutput;
      /** What `Date.now()` says from here on, ms since 1970. */
      readonly at: number;
    }
  | { readonly kind: 'timerFired'; readonly timerId: number; readonly at: number };

export type OutputItem =
  | { readonly text: string }
  | { readonly imageUrl: string; readonly detail?: 'auto' | 'low' | 'high' | 'original' };

export interface CellCall {
  /** `tool-N`, N from 1 per cell, in the order of the calls. */
  readonly callId: string;
  /** The name of `CellTool`. */
  readonly tool: string;
  /** Absent when the script gave none. */
  readonly args?: Json;
}

export interface CellEnd {
  readonly kind: 'completed' | 'failed';
  /** Only of `failed`: a stable code, and the text that the model sees. */
  readonly error?: { readonly code: string; readonly text: string };
  /** What `store` was given; the engine decides which of it is kept (CE7). */
  readonly writes: Readonly<Record<string, Json>>;
}

/** What one input (or the creation) did, once nothing is left to do without another input. */
export interface Drain {
  readonly calls: readonly CellCall[];
  readonly timers: readonly { readonly timerId: number; readonly delayMs: number }[];
  /** Ids that will not fire any more. A timer set and cleared within one drain is in neither list. */
  readonly clearedTimers: readonly number[];
  readonly items: readonly OutputItem[];
  /** Output items of the cell so far, those of this drain included. */
  readonly offset: number;
  /** Offsets at which the script called `yield_control`, rising. */
  readonly yields: readonly number[];
  /** What `notify` was given, as text. */
  readonly notices: readonly string[];
  /** What the cell can wait for: from the live table of the sandbox, in the order of their numbers. */
  readonly pending: { readonly calls: readonly string[]; readonly timers: readonly number[] };
  /** The cell is over; it takes no more inputs and holds nothing. */
  readonly end?: CellEnd;
}

/**
 * Every promise rejects with a `Failure`: HOLDFAST_CELL_MACHINE_LOST when the machine of the cell is gone and could not be
 * made again (a retry of `create` with the recorded inputs may succeed); HOLDFAST_CELL_UNKNOWN for a cell that was never
 * created, has ended, or was ended; HOLDFAST_CELLS_CLOSED after `close`.
 */
export interface CellRuntime {
  /** Drains: one for the creation, then one per recorded input, up to the first that ends the cell. */
  create(spec: CellSpec, recorded?: readonly CellInput[]): Promise<readonly Drain[]>;
  /** One drain per input, in their order, up to the first that ends the cell. An input for a call or timer that is not pending is a defect. */
  feed(cellId: string, inputs: readonly CellInput[]): Promise<readonly Drain[]>;
  /** Frees the cell wherever it is, in the middle of a drain too; what it was asked rejects. No-op for an unknown cell. */
  end(cellId: string): Promise<void>;
  close(): Promise<void>;
}
