/** Where the time of an agent went, from its own events alone. */
import type { HoldfastEvent } from '../../events/catalogue.ts';

/** `task`: a turn waits for its agent to be registered. */
export type Activity = 'model' | 'task' | 'tools' | 'waiting' | 'queued' | 'idle' | 'stopped';

/** Milliseconds in each, from its spawning to `now`. `stopped`: no engine ran. */
export type Times = Readonly<Record<Activity, number>>;

export function timesOf(agentId: string, events: readonly HoldfastEvent[], now: number): Times {
  const times: Record<Activity, number> = { model: 0, task: 0, tools: 0, waiting: 0, queued: 0, idle: 0, stopped: 0 };
  const open = new Map<string, string>();
  const turns = new Set<string>();
  let doing: Activity = 'idle';
  let [at, epoch] = [0, 0];
  const inCalls = (): Activity => {
    if (open.size === 0) return 'model';
    return [...open.values()].every((tool) => tool === 'wait_agent') ? 'waiting' : 'tools';
  };
  for (const event of events) {
    const { type, data } = event;
    const own = 'turnId' in data && data.turnId !== undefined && turns.has(data.turnId);
    if (!own && !('agentId' in data && data.agentId === agentId)) continue;
    if (at > 0) times[event.epoch === epoch ? doing : 'stopped'] += event.at - at;
    [at, epoch] = [event.at, event.epoch];
    switch (type) {
      case 'TurnQueued':
        doing = 'queued';
        break;
      case 'TurnStarted':
        turns.add(data.turnId);
        doing = 'model';
        break;
      case 'TurnResumed':
      case 'TurnUnparked':
        doing = inCalls();
        break;
      case 'TaskRegistrationStarted':
      case 'TaskCleared':
        if (doing === 'model' && !(type === 'TaskRegistrationStarted' && data.origin === 'renewal')) doing = 'task';
        break;
      case 'TaskBound':
        if (doing === 'task') doing = 'model';
        break;
      case 'TurnParked':
        doing = 'waiting';
        break;
      case 'ToolCallStarted':
        open.set(data.callId, data.tool);
        doing = inCalls();
        break;
      case 'ToolCallEnded':
        open.delete(data.callId);
        doing = inCalls();
        break;
      case 'TurnDequeued':
      case 'TurnCompleted':
      case 'TurnFailed':
      case 'TurnInterrupted':
        open.clear();
        doing = 'idle';
        break;
      default:
    }
  }
  if (at > 0) times[doing] += Math.max(0, now - at);
  return times;
}
