/** All checkers together, over the raw events of one log as they become durable. */
import type { HoldfastEvent } from '../../../events/catalogue.ts';
import { agents } from './agents.ts';
import { approvals } from './approvals.ts';
import { bindings } from './bindings.ts';
import { budgets } from './budgets.ts';
import { type CellChecker, cells } from './cells.ts';
import { certainty, type Trouble } from './certainty.ts';
import type { Checker } from './checker.ts';
import { clients } from './clients.ts';
import { type InterruptionChecker, interruptions } from './interruptions.ts';
import { leases } from './leases.ts';
import { linearizability } from './linearizability.ts';
import { mail } from './mail.ts';
import { order } from './order.ts';
import { Picture } from './picture.ts';
import { positions } from './positions.ts';
import { processes } from './processes.ts';
import { queue } from './queue.ts';
import { refusals } from './refusals.ts';
import { residency } from './residency.ts';
import { slots } from './slots.ts';
import { spawns } from './spawns.ts';
import { turns } from './turns.ts';
import { type WaitChecker, waits } from './waits.ts';
import { workspaces } from './workspaces.ts';

export class Inspector {
  readonly picture = new Picture();
  readonly processes = processes();
  readonly waits: WaitChecker;
  readonly cells: CellChecker = cells();
  readonly interruptions: InterruptionChecker = interruptions();
  readonly linear = linearizability();
  readonly budgets = budgets();
  readonly workspaces = workspaces();
  readonly #before: NonNullable<Checker['before']>[] = [];
  readonly #after: NonNullable<Checker['after']>[] = [];
  #batch: HoldfastEvent[] = [];

  /** `steady`: the clocks of all lives of the engine agree. */
  constructor(steady = true, trouble: Trouble = { hostsFail: true, hostsEnd: true }) {
    this.waits = waits(steady);
    const checkers: Checker[] = [
      positions(),
      agents(),
      turns(),
      slots(),
      queue(),
      mail(),
      residency(),
      this.waits,
      this.processes,
      leases(this.processes),
      this.cells,
      clients(),
      refusals(),
      bindings(),
      spawns(),
      this.interruptions,
      order(),
      certainty(trouble),
      approvals(),
      this.budgets,
      this.workspaces,
      this.linear,
    ];
    for (const checker of checkers) this.also(checker);
  }

  /** One more, of what is still to come. */
  also({ before, after }: Checker): void {
    if (before !== undefined) this.#before.push(before);
    if (after !== undefined) this.#after.push(after);
  }

  /** Looks at what is new in a log, which is whole batches. */
  look(events: readonly HoldfastEvent[]): void {
    for (let i = this.picture.position; i < events.length; i += 1) {
      const event = events[i]!;
      for (const before of this.#before) before(this.picture, event);
      this.picture.add(event);
      this.#batch.push(event);
      if (event.index + 1 < event.of) continue;
      for (const after of this.#after) after(this.picture, this.#batch);
      this.#batch = [];
    }
  }
}
