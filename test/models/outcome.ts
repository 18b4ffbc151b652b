/** What came of a fleet, without what no two runs have in common: ids, times, positions, how long things took. */
import type { HoldfastEvent } from '../../events/catalogue.ts';
import { emptyHistory, remember } from '../../projections/history.ts';

/** Agent path → its history in words, its turns' ends, and the commands it ran. */
export type Outcome = Readonly<Record<string, readonly string[]>>;

const steady = (text: string): string =>
  text
    .replace(/^Chunk ID: \w+$/gm, 'Chunk ID: …')
    .replace(/\b[Ww]all time:? [\d.]+ seconds/g, 'wall time …')
    .replace(/"since":\d+|"at":\d+|"position":\d+/g, '"…"')
    .replace(/[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}/g, 'id');

const ends = new Set(['TurnCompleted', 'TurnFailed', 'TurnInterrupted', 'ProcessRequested']);

export function outcomeOf(events: readonly HoldfastEvent[]): Outcome {
  const outcome: Record<string, readonly string[]> = {};
  for (const spawned of events) {
    if (spawned.type !== 'AgentSpawned') continue;
    const { agentId, path } = spawned.data;
    const history = emptyHistory();
    const told: string[] = [];
    for (const event of events) {
      remember(history, agentId, event);
      if (!ends.has(event.type) || (event.data as { agentId?: string }).agentId !== agentId) continue;
      const { command = [], message = '' } = event.data as { command?: string[]; message?: string };
      told.push(`${event.type} ${command.at(-1) ?? message}`);
    }
    const items = history.items
      .filter(({ kind }) => kind !== 'reasoning')
      .map(({ position: _, ...item }) => ({ ...item, fields: undefined, mailId: undefined }))
      .map((item) => JSON.stringify(item, (_, value) => (typeof value === 'string' ? steady(value) : value)));
    // Processes that one cell starts at once are not in order.
    outcome[path] = [...items, ...told.sort()];
  }
  return outcome;
}
