/**
 * Reading cells: from a cursor, until the cell ends, yields or stands at a frontier, or for a time. Reading takes nothing
 * away and holds nothing up; a reader that is gone leaves nothing behind (CE1, CE4).
 */
import { type CallRef, callerOf, openCall, requestOf } from '../../projections/calls.ts';
import { isPaused } from '../../projections/cells.ts';
import type { Call, Cell, State } from '../../projections/state.ts';
import { tokensMax } from '../decide/tools/cells.ts';
import { type CellView, presentCell } from './cellOutput.ts';
import type { CellParts } from './cells.ts';
import { viewOf } from './cellView.ts';

export interface Look {
  /** Items that the reader has; absent: its first look, which stops where the script first yielded. */
  readonly from?: number;
  /** When it is answered with what there is, ms since 1970. */
  readonly until: number;
  /** `frontier`: yields do not answer it. */
  readonly mode?: 'yield' | 'frontier';
  readonly signal?: AbortSignal;
}

export class CellReads {
  readonly #parts: CellParts;
  readonly #state: State;
  readonly #calls = new Map<string, AbortController>();
  /** Who waits for a cell to change. */
  readonly #waiting = new Map<string, Set<() => void>>();

  stopped = false;

  constructor(parts: CellParts) {
    this.#parts = parts;
    this.#state = parts.engine.state;
  }

  wake(cellId: string): void {
    const waiting = this.#waiting.get(cellId);
    this.#waiting.delete(cellId);
    for (const resolve of waiting ?? []) resolve();
  }

  cancel(ref: CallRef): void {
    this.#calls.get(requestOf(ref))?.abort();
  }

  /** Nobody is answered any more. */
  letGo(): void {
    this.stopped = true;
    for (const controller of this.#calls.values()) controller.abort();
    for (const cellId of [...this.#waiting.keys()]) this.wake(cellId);
  }

  /** Resolves when the cell changes, at a time, or when the signal is aborted. */
  change(cellId: string, until: number, signal?: AbortSignal): Promise<void> {
    const { clock } = this.#parts;
    return new Promise((resolve) => {
      const waiting = this.#waiting.get(cellId) ?? new Set();
      this.#waiting.set(cellId, waiting);
      const cancel = Number.isFinite(until) ? clock.after(Math.max(0, until - clock.now()), done) : () => {};
      function done(): void {
        cancel();
        waiting.delete(done);
        signal?.removeEventListener('abort', done);
        resolve();
      }
      waiting.add(done);
      signal?.addEventListener('abort', done, { once: true });
      if (signal?.aborted === true) done();
    });
  }

  /** Undefined: the reader has gone, or the engine stops. */
  async look(cell: Cell, { from, until, mode = 'yield', signal }: Look): Promise<CellView | undefined> {
    const { clock, engine } = this.#parts;
    const first = from === undefined && mode === 'yield' ? cell.yields[0] : undefined;
    const start = from ?? 0;
    const seen = cell.yields.length;
    let to = first;
    while (to === undefined) {
      const yielded =
        mode === 'yield' ? cell.yields.slice(from === undefined ? 0 : seen).find((at) => at >= start) : undefined;
      if (yielded !== undefined) to = yielded;
      else if (cell.end !== undefined || isPaused(cell) || clock.now() >= until) to = cell.offset;
      else await this.change(cell.cellId, until, signal);
      if (signal?.aborted === true || this.stopped) return undefined;
    }
    // What is told is how the cell stands now, when that is durable: by then it may have gone on, and died with the engine.
    const { frontier } = cell;
    const now = await engine.read(() => ({ ...cell, ...(frontier && { frontier: { ...frontier } }) }));
    const view = await viewOf(this.#parts.log, now, start, to);
    return signal?.aborted === true ? undefined : view;
  }

  /** A call of `exec` or `wait`: answered with what its cell has done since the agent last looked. */
  collect(ref: CallRef): void {
    const key = requestOf(ref);
    const call = openCall(this.#state, ref);
    if (call?.cellId === undefined || this.#calls.has(key)) return;
    const controller = new AbortController();
    this.#calls.set(key, controller);
    this.#answer(ref, call, controller.signal)
      .catch((error) => {
        if (controller.signal.aborted) return;
        const text = `Script error:\n${error instanceof Error ? error.message : String(error)}`;
        this.#parts.engine.report({ do: 'endCall', ...ref, outcome: 'error', output: { text } });
      })
      .finally(() => this.#calls.delete(key));
  }

  async #answer(ref: CallRef, call: Call, signal: AbortSignal): Promise<void> {
    const { engine, clock } = this.#parts;
    const cell = this.#state.cells.all[call.cellId!]!;
    const { agentId } = callerOf(this.#state, ref)!;
    const from = cell.cursors[agentId];
    const view = await this.look(cell, { until: call.until ?? 0, signal, ...(from !== undefined && { from }) });
    if (view === undefined) return;
    if (signal.aborted) return;
    const { outcome, output } = presentCell(view, Math.max(0, clock.now() - call.at), tokensMax(call.tool, call.args));
    engine.report({ do: 'endCall', ...ref, outcome, output, readCell: { cellId: cell.cellId, to: view.next } });
  }
}
