/** What came in for cells during this life, kept until it is carried out: nothing of it has to be read from the log again. */
import type { EventOf, HoldfastEvent } from '../../events/catalogue.ts';
import type { State } from '../../projections/state.ts';
import { type InputEvent, isInput } from './cellRecord.ts';

/** `first`: the number of the first of them, from 0. */
interface Inputs {
  first: number;
  events: InputEvent[];
}

export class CellArrivals {
  readonly #state: State;
  readonly #created = new Map<string, EventOf<'CellCreated'>>();
  /** By cell; durable or not. */
  readonly #inputs = new Map<string, Inputs>();

  constructor(state: State) {
    this.#state = state;
  }

  /** A batch is applied. */
  observe(batch: readonly HoldfastEvent[]): void {
    for (const event of batch) {
      if (event.type === 'CellCreated') this.#created.set(event.data.cellId, event);
      else if (isInput(event)) this.#arrived(event.data.cellId, batch).events.push(event);
    }
  }

  #arrived(cellId: string, batch: readonly HoldfastEvent[]): Inputs {
    let arrived = this.#inputs.get(cellId);
    if (arrived === undefined) {
      const now = batch.filter((event) => isInput(event) && event.data.cellId === cellId).length;
      arrived = { first: this.#state.cells.all[cellId]!.inputs - now, events: [] };
      this.#inputs.set(cellId, arrived);
    }
    return arrived;
  }

  /** Its creation, given once; undefined: it was created before this life. */
  created(cellId: string): EventOf<'CellCreated'> | undefined {
    const created = this.#created.get(cellId);
    this.#created.delete(cellId);
    return created;
  }

  /** Inputs `from` to `to`, `to` not included, given once; undefined: not all of them are here. */
  inputs(cellId: string, from: number, to: number): readonly InputEvent[] | undefined {
    const arrived = this.#inputs.get(cellId);
    if (arrived === undefined || arrived.first > from) return undefined;
    const events = arrived.events.slice(from - arrived.first, to - arrived.first);
    arrived.events = arrived.events.slice(to - arrived.first);
    arrived.first = to;
    return events;
  }

  forget(cellId: string): void {
    this.#created.delete(cellId);
    this.#inputs.delete(cellId);
  }
}
