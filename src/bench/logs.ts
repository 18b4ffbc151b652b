/** The two large logs that several families measure on; each is written once per run, when the first one asks. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { Workload } from './workload.ts';

export interface LargeLog {
  readonly dir: string;
  readonly events: number;
  readonly agents: number;
}

export interface BusyLog extends LargeLog {
  /** Agents with `historyEvents` events of their own, spread over the second half of the log. */
  readonly veterans: readonly string[];
}

export interface Sizes {
  readonly busyEvents: number;
  readonly busyAgents: number;
  readonly wideAgents: number;
  readonly veterans: number;
  readonly historyEvents: number;
}

const childrenPerRoot = 99;
const agentsPerTree = 1_000;
const spawnsPerAnswer = 100;

const namesFrom = (first: number, count: number): string[] =>
  Array.from({ length: count }, (_, i) => `worker_${first + i}`);

export class Logs {
  readonly sizes: Sizes;
  readonly #dir: string;
  readonly #progress: (what: string) => void;
  #busy: Promise<BusyLog> | undefined;
  #wide: Promise<LargeLog> | undefined;

  constructor(dir: string, sizes: Sizes, progress: (what: string) => void) {
    this.#dir = dir;
    this.sizes = sizes;
    this.#progress = progress;
    mkdirSync(dir, { recursive: true });
  }

  busy(): Promise<BusyLog> {
    this.#busy ??= this.#writeBusy(join(this.#dir, 'busy'));
    return this.#busy;
  }

  wide(): Promise<LargeLog> {
    this.#wide ??= this.#writeWide(join(this.#dir, 'wide'));
    return this.#wide;
  }

  /** Trees of a root and 99 children that work in turn: 100 events per agent. */
  async #writeBusy(dir: string): Promise<BusyLog> {
    const { busyEvents, busyAgents, veterans, historyEvents } = this.sizes;
    this.#progress(`writing a log of ${busyEvents} events and ${busyAgents} agents`);
    const load = await Workload.open(dir);
    const workers: string[] = [];
    const trees = Math.max(1, Math.round(busyAgents / (childrenPerRoot + 1)));
    for (let tree = 0; tree < trees; tree += 1) {
      const root = await load.root(`tree${tree}`);
      const children = await load.spawn(root, namesFrom(0, childrenPerRoot));
      for (const child of children) await load.finish(child);
      await load.finish(root);
      workers.push(...children);
    }
    const old = workers.slice(0, veterans);
    const start = load.position;
    // An agent's small turn is about 20 events that are its own.
    const turnsOfOld = Math.ceil(historyEvents / 20) * old.length;
    for (let i = 0, done = 0; load.position < busyEvents; i += 1) {
      const agentId = workers[i % workers.length]!;
      await load.smallTurn(agentId);
      if (i % childrenPerRoot === 0) await load.readMail(load.state.agents[agentId]!.rootId);
      const due = (turnsOfOld * (load.position - start)) / (busyEvents - start);
      for (; done < due && done < turnsOfOld; done += 1) await load.smallTurn(old[done % old.length]!);
    }
    const { position: events } = load;
    const agents = Object.keys(load.state.agents).length;
    await load.close();
    return { dir, events, agents, veterans: old };
  }

  /** Many agents that have done one task each, in trees of a thousand: 14 events per agent. A snapshot lies at its end. */
  async #writeWide(dir: string): Promise<LargeLog> {
    const { wideAgents } = this.sizes;
    this.#progress(`writing a log of ${wideAgents} agents`);
    const load = await Workload.open(dir);
    for (let tree = 0, agents = 0; agents < wideAgents; tree += 1) {
      const root = await load.root(`tree${tree}`);
      agents += 1;
      for (let n = 0; n < agentsPerTree && agents < wideAgents; n += spawnsPerAnswer) {
        const count = Math.min(spawnsPerAnswer, wideAgents - agents);
        const children = await load.spawn(root, namesFrom(n, count));
        for (const child of children) await load.finish(child);
        agents += count;
      }
      await load.finish(root);
      await load.readMail(root);
    }
    await load.snapshot();
    const { position: events } = load;
    await load.close();
    return { dir, events, agents: wideAgents };
  }
}
