/**
 * PR5, RE3: after every batch a live process is attached exactly when its agent is in memory, unless an operator took it
 * away; what moves, moves whole and in the order of ids. PR6: whoever wanted to know of an end is told, once. And the limit.
 */
import type { HoldfastEvent } from '../../../events/catalogue.ts';
import type { Checker } from './checker.ts';
import type { KnownAgent, Picture } from './picture.ts';
import type { ProcessChecker, Seen } from './processes.ts';
import { holds } from './violation.ts';

export function leases({ all }: ProcessChecker): Checker {
  /** Those of them that have not ended; looked at after every batch. */
  const live = new Set<Readonly<Seen>>();
  const untold = new Set<Readonly<Seen>>();
  let stopped = false;
  return {
    before: (picture, event) => {
      if (event.type === 'EngineStopped' || event.type === 'EngineStarted') stopped = event.type === 'EngineStopped';
      if (event.type === 'MailAccepted' && event.data.ofProcess !== undefined)
        tell(all.get(event.data.ofProcess)! as Seen, event.position);
      if ((event.type === 'ToolCallEnded' || event.type === 'CellToolEnded') && event.data.ended !== undefined) {
        const seen = all.get(event.data.ended)! as Seen;
        holds(seen.ended, 'PR6', event.position, () => `process ${seen.processId} is said to have ended and has not`);
        if (seen.agentId === event.data.agentId && seen.notify && !seen.told) seen.told = true;
      }
      if (event.type === 'ProcessStopRequested' && event.data.reason === 'pruned') leastUsed(live, all, event);
      if (event.type === 'ProcessRequested') room(picture, live, event);
    },
    after: (picture, batch) => {
      for (const event of batch) {
        if (event.type !== 'ProcessRequested') continue;
        live.add(all.get(event.data.processId)!);
      }
      for (const seen of live) {
        if (!seen.ended) continue;
        live.delete(seen);
        if (seen.notify) untold.add(seen);
      }
      // A stopped engine has nobody in memory, and says so when the next one starts (RE9).
      if (!stopped) for (const seen of live) held(picture, seen);
      for (const seen of untold) {
        const agent = picture.agent(seen.agentId);
        if (seen.told || !agent.open) untold.delete(seen);
        else waitsFor(picture, agent, seen);
      }
      whole(picture, batch, live);
    },
  };
}

function held(picture: Picture, { processId, agentId, place, takenAway, stopRequested }: Seen): void {
  const { position } = picture;
  const agent = picture.agent(agentId);
  if (!agent.open) {
    holds(stopRequested, 'PA4', position, () => `${agent.path} is closed and its process ${processId} goes on`);
    return;
  }
  const inMemory = place === 'attached' && !agent.resident;
  holds(!inMemory, 'PR5', position, () => `process ${processId} is held by ${agent.path}, which is not in memory`);
  const forgotten = place === 'detached' && agent.resident && !takenAway;
  holds(!forgotten, 'PR5', position, () => `process ${processId} is detached and ${agent.path} is in memory`);
}

function tell(seen: Seen, position: number): void {
  const { processId } = seen;
  holds(
    seen.ended && seen.notify,
    'PR6',
    position,
    () => `nobody wanted to be told of process ${processId}, or not yet`,
  );
  holds(!seen.told, 'PR6', position, () => `the end of process ${processId} is told twice`);
  seen.told = true;
}

/** The call of its agent that will tell the end. */
function waitsFor({ position }: Picture, agent: KnownAgent, { processId }: Seen): void {
  const ofCells = [...agent.cells.values()].flatMap((cell) => [...cell.calls.values()]);
  const calls = [...(agent.turn?.calls.values() ?? []), ...ofCells];
  const awaited = calls.some((call) => call.processId === processId);
  holds(awaited, 'PR6', position, () => `${agent.path} is not told of the end of process ${processId}`);
}

/** PR5: a detach by an operator takes all that the agent has, and those of one agent that move for one reason come in the order of their ids. */
function whole({ position }: Picture, batch: readonly HoldfastEvent[], live: ReadonlySet<Readonly<Seen>>): void {
  const newest = new Map<string, number>();
  for (const event of batch) {
    if (event.type !== 'ProcessDetached' && event.type !== 'ProcessReattached') continue;
    const { processId, agentId } = event.data;
    // An operator may ask for some of them, and the load that this takes brings the others back as well.
    const why = event.type === 'ProcessReattached' ? event.data.reattachedBy : event.data.reason;
    const key = `${event.type} ${agentId} ${why}`;
    holds((newest.get(key) ?? 0) < processId, 'PR5', event.position, () => `${processId} is out of order`);
    newest.set(key, processId);
    if (event.type !== 'ProcessDetached') continue;
    const left = [...live].find((seen) => seen.agentId === agentId && seen.place === 'attached');
    const back = batch.some((e) => e.type === 'ProcessReattached' && e.data.agentId === agentId);
    holds(left === undefined || back, 'PR5', position, () => `a detach leaves process ${left?.processId} behind`);
  }
}

type Of<T extends HoldfastEvent['type']> = Extract<HoldfastEvent, { type: T }>;

/** The one that goes is the one nobody has used for longest. */
function leastUsed(
  live: ReadonlySet<Readonly<Seen>>,
  all: ReadonlyMap<number, Readonly<Seen>>,
  { data, position }: Of<'ProcessStopRequested'>,
): void {
  const victim = all.get(data.processId)!;
  const older = [...live].find(
    (seen) => seen.rootId === victim.rootId && !seen.ended && !seen.stopRequested && seen.used < victim.used,
  );
  holds(older === undefined, 'PR6', position, () => `process ${data.processId} goes before ${older?.processId}`);
}

function room(picture: Picture, live: ReadonlySet<Readonly<Seen>>, { data, position }: Of<'ProcessRequested'>): void {
  const { processesMax, pruning } = picture;
  const others = [...live].filter((seen) => seen.rootId === data.rootId && !seen.ended);
  const taken = pruning ? others.filter((seen) => !seen.stopRequested) : others;
  holds(
    taken.length < processesMax,
    'PR6',
    position,
    () => `${taken.length} processes live, at most ${processesMax} may`,
  );
}
