/** How agents are called in lines for people: their path, with the root's name before it where that is not `root`. */
import { agentsOf } from '../../events/catalogue.ts';
import type { Envelope } from '../../events/envelope.ts';
import type { Agent, State } from '../../projections/state.ts';
import type { LogReader } from '../log/port.ts';
import { oneLine, short } from './line.ts';

/** Most fleets have one root, called `root`: its agents need no name before their path. */
const usualRoot = 'root';

const joined = (path: string, root: string | undefined): string =>
  oneLine(root === undefined || root === usualRoot ? path : `${root}:${path}`);

export const nameIn = (state: State, { path, rootId }: Agent): string => joined(path, state.agents[rootId]?.name);

interface Spawned {
  readonly agentId: string;
  readonly rootId: string;
  readonly path: string;
  readonly name?: string;
}

/** Agents that an event names besides those it is indexed under. */
function mentioned({ data }: Envelope): string[] {
  const { parentId, wantedBy, holder, holders } = data as Record<string, unknown>;
  const ids = [parentId, wantedBy, holder, ...(Array.isArray(holders) ? holders.map((h) => h?.agentId) : [])];
  return ids.filter((id): id is string => typeof id === 'string');
}

export class Names {
  readonly #state: State | undefined;
  readonly #spawned = new Map<string, Spawned>();

  /** With the state at hand nothing has to be learned. */
  constructor(state?: State) {
    this.#state = state;
  }

  /** Learns from events as they pass. */
  see(events: readonly Envelope[]): void {
    for (const { type, data } of events) {
      if (type === 'AgentSpawned') this.#spawned.set((data as Spawned).agentId, data as Spawned);
    }
  }

  /** Learns who the agents of these events are, where their spawning has not passed by; each costs one look at the index. */
  async learn(log: LogReader, events: readonly Envelope[]): Promise<void> {
    this.see(events);
    const speakers = events.flatMap(({ by }) => (by.startsWith('agent:') ? [by.slice('agent:'.length)] : []));
    for (const agentId of new Set([...events.flatMap((e) => [...agentsOf(e), ...mentioned(e)]), ...speakers])) {
      await this.#find(log, agentId);
      const rootId = this.#spawned.get(agentId)?.rootId;
      if (rootId !== undefined) await this.#find(log, rootId);
    }
  }

  async #find(log: LogReader, agentId: string): Promise<void> {
    if (this.#spawned.has(agentId)) return;
    for await (const page of log.readStream(`agent/${agentId}`)) {
      this.see(page.slice(0, 1));
      return;
    }
  }

  of(agentId: string): string {
    const agent = this.#state?.agents[agentId];
    if (agent !== undefined) return nameIn(this.#state!, agent);
    const spawned = this.#spawned.get(agentId);
    if (spawned !== undefined) return joined(spawned.path, this.#spawned.get(spawned.rootId)?.name);
    return agentId === 'operator' || agentId === 'engine' ? agentId : `agent ${short(agentId)}`;
  }
}
