/** A log that is stepped through, batch by batch, forwards and backwards: the state at a place, and the batch that led there. */
import type { HoldfastEvent } from '../../../events/catalogue.ts';
import { apply } from '../../../projections/apply.ts';
import type { State } from '../../../projections/state.ts';
import { decoded, foldLog } from '../../engine/fold.ts';
import type { LogReader } from '../../log/port.ts';

export class Player {
  readonly #log: LogReader;
  /** Where to stop. */
  readonly end: number;
  state: State;
  /** The batch that was applied last. */
  batch: readonly HoldfastEvent[];

  private constructor(log: LogReader, end: number, state: State, batch: readonly HoldfastEvent[]) {
    this.#log = log;
    this.end = end;
    this.state = state;
    this.batch = batch;
  }

  /** At the batch that holds position `at`. */
  static async open(log: LogReader, at: number, end: number): Promise<Player> {
    const player = new Player(log, end, await foldLog(log, { to: 1 }), []);
    await player.to(at);
    return player;
  }

  /** Over `batches` batches; stays at the end. */
  async forward(batches = 1): Promise<void> {
    for (let n = 0; n < batches && this.state.position < this.end; n++) {
      this.batch = await this.#batchAt(this.state.position + 1);
      for (const event of this.batch) apply(this.state, event);
    }
  }

  /** Stays at the first batch. */
  async backward(batches = 1): Promise<void> {
    let first = this.batch[0]?.position ?? 1;
    for (let n = 1; n < batches && first > 1; n++) first = (await this.#batchAt(first - 1))[0]!.position;
    await this.to(first - 1);
  }

  /** To the end of the batch that holds this position. */
  async to(position: number): Promise<void> {
    this.batch = await this.#batchAt(Math.min(Math.max(1, position), this.end));
    this.state = await foldLog(this.#log, { to: this.batch.at(-1)!.position });
  }

  async #batchAt(position: number): Promise<HoldfastEvent[]> {
    const [at] = await this.#events(position, position);
    return this.#events(at!.batch, at!.batch + at!.of - 1);
  }

  async #events(from: number, to: number): Promise<HoldfastEvent[]> {
    const events: HoldfastEvent[] = [];
    for await (const page of this.#log.read({ from, to })) events.push(...page.map(decoded));
    return events;
  }
}
