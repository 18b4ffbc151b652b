/** Cells for whoever is outside: looked at from a cursor, resumed once. Answers say what is durable, and nothing before. */
import type { Cell, State } from '../../projections/state.ts';
import { cellMissing } from '../decide/cell.ts';
import { Failure } from '../failure.ts';
import type { CellView } from './cellOutput.ts';
import type { CellReads, Look } from './cellReads.ts';
import type { Answer, Engine } from './engine.ts';

export interface Observing extends Omit<Look, 'until'> {
  /** How long it may take until it is answered with what there is; default: not at all. */
  readonly waitMs?: number;
  /** Its first look at a frontier is recorded under this name; absent: nobody's. */
  readonly reader?: string;
}

export type Resumed = { readonly cellId: string; readonly generation: number } & {
  /** `already-running`: this generation was resumed before, by somebody else. */
  readonly outcome: 'resumed' | 'already-running';
};

const stopping = (): Failure =>
  new Failure('HOLDFAST_NOT_RUNNING', 'the engine is stopping', {
    remedy: 'ask again when it runs: what was requested is in the log and will be carried out',
    retryable: true,
  });

export class CellDoor {
  readonly #engine: Engine;
  readonly #reads: CellReads;
  readonly #now: () => number;

  constructor(engine: Engine, reads: CellReads, now: () => number) {
    this.#engine = engine;
    this.#reads = reads;
    this.#now = now;
  }

  #cell(state: State, cellId: string): Cell | undefined {
    return Object.hasOwn(state.cells.all, cellId) ? state.cells.all[cellId] : undefined;
  }

  /** A reader that goes away (`signal`) gets no answer and leaves nothing behind. */
  async observe(cellId: string, { waitMs = 0, reader, ...look }: Observing): Promise<Answer<CellView>> {
    const until = this.#now() + waitMs;
    const cell = await this.#engine.read((state) => this.#cell(state, cellId));
    if (cell === undefined) return missing(cellId);
    const view = await this.#reads.look(cell, { ...look, until });
    if (view === undefined) throw look.signal?.aborted === true ? look.signal.reason : stopping();
    const { generation } = view;
    if (reader !== undefined && generation !== undefined)
      await this.#engine.submit({ do: 'observeFrontier', cellId, generation, reader });
    return { ok: true, answer: view };
  }

  /** Waits until the runtime has really gone on, or cannot. Who comes second gets the first one's outcome. */
  async resume(cellId: string, generation: number): Promise<Answer<Resumed>> {
    const answer = await this.#engine.submit<{ outcome: string }>(
      { do: 'resumeCell', cellId, generation },
      { by: 'operator' },
    );
    if (!answer.ok) return answer;
    const { outcome } = answer.answer;
    if (outcome === 'already-running') return { ok: true, answer: { cellId, generation, outcome } };
    const cell = this.#cell(this.#engine.state, cellId)!;
    const stands = () => cell.frontier?.generation === generation;
    while (stands() && cell.frontier?.resume !== undefined) {
      if (this.#reads.stopped) throw stopping();
      await this.#reads.change(cellId, Number.POSITIVE_INFINITY);
    }
    const failed = stands() ? cell.resumeFailed?.reason : undefined;
    await this.#engine.read(() => undefined);
    if (failed !== undefined) {
      const message = `exec cell ${cellId} could not go on from generation ${generation}: ${failed}`;
      const remedy = 'its frontier and its output can still be observed';
      return {
        ok: false,
        refusal: { code: 'HOLDFAST_CELL_RESUME_FAILED', message, remedy, details: { cellId, generation } },
      };
    }
    return {
      ok: true,
      answer: { cellId, generation, outcome: outcome === 'requested' ? 'resumed' : 'already-running' },
    };
  }
}

function missing(cellId: string): Answer<never> {
  const refusal = cellMissing(cellId);
  if (refusal._tag === 'Right') throw new Error('a missing cell is refused');
  const { facts: _, ...plain } = refusal.left;
  return { ok: false, refusal: plain };
}
