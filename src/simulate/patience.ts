/** An engine that goes round in circles never waits for the world, and no step of a history would come: what it asks meanwhile is counted. */
import type { Log } from '../log/port.ts';
import { Violation } from './check/violation.ts';
import { changed } from './disk/changedLog.ts';

/** More than any engine asks of its log between two completions. */
const asksMax = 10_000;

export class Patience {
  #asks = 0;
  readonly #over: (violation: Violation) => void;

  /** `over`: told of the violation before whoever asks meets it. */
  constructor(over: (violation: Violation) => void) {
    this.#over = over;
  }

  /** The engine waits for the world. */
  rest(): void {
    this.#asks = 0;
  }

  log(log: Log): Log {
    const asking = <A>(ask: () => A): A => {
      this.#asks += 1;
      if (this.#asks <= asksMax) return ask();
      const message = `the engine asks its log ${asksMax} times and waits for nothing`;
      const violation = new Violation('LIVE', log.head().position, message);
      this.#over(violation);
      throw violation;
    };
    return changed(log, {
      append: (batch) => asking(() => log.append(batch)),
      flush: () => asking(() => log.flush()),
      synced: () => asking(() => log.synced()),
    });
  }
}
