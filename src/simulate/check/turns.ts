/** I9: one turn per agent; each call has one end, before or with the end of its turn; samplings are counted without a gap. */
import type { EventOf, HoldfastEvent } from '../../../events/catalogue.ts';
import type { Checker } from './checker.ts';
import type { Picture, RunningTurn } from './picture.ts';
import { holds } from './violation.ts';

export function turns(): Checker {
  const ever = new Set<string>();
  return {
    before: (picture, event) => {
      const { position } = event;
      switch (event.type) {
        case 'TurnStarted': {
          const agent = picture.agent(event.data.agentId);
          holds(!ever.has(event.data.turnId), 'I9', position, () => 'this turn was started before');
          ever.add(event.data.turnId);
          holds(agent.turn === undefined, 'I9', position, () => `${agent.path} has a turn`);
          return;
        }
        case 'ModelSampled':
        case 'SamplingEnded':
        case 'HistoryCompacted': {
          // Rollouts of other tools do not say when the model was asked.
          if (event.data.n === undefined) return;
          const turn = current(picture, event);
          const { agent } = turn;
          holds(
            (turn.sampling || turn.client) && !turn.parked,
            'I9',
            position,
            () => `the model of ${agent.path} was not asked`,
          );
          holds(
            event.data.n === agent.samplings + 1,
            'TU8',
            position,
            () => `it is sampling ${agent.samplings + 1}, not ${event.data.n}`,
          );
          if (event.type !== 'SamplingEnded') summarised(turn, event);
          return;
        }
        case 'ToolCallStarted': {
          const turn = current(picture, event);
          const { callId } = event.data;
          holds(!turn.usedIds.has(callId), 'I9', position, () => `call ${callId} was made before in this turn`);
          holds(
            turn.undecided[0] === callId,
            'I9',
            position,
            () => `the next call of the list is ${turn.undecided[0]}, not ${callId}`,
          );
          return;
        }
        case 'ToolCallEnded':
          holds(
            current(picture, event).calls.has(event.data.callId),
            'I9',
            position,
            () => `call ${event.data.callId} is not open`,
          );
          return;
        case 'TurnParked':
          holds(!current(picture, event).parked, 'I9', position, () => 'it is parked already');
          return;
        case 'TurnUnparked':
          holds(current(picture, event).parked, 'I9', position, () => 'it is not parked');
          return;
        case 'TurnResumed':
          current(picture, event);
          return;
        case 'TurnCompleted':
        case 'TurnFailed':
        case 'TurnInterrupted': {
          const turn = current(picture, event);
          holds(
            turn.calls.size === 0,
            'I9',
            position,
            () => `calls of ${turn.agent.path} are open: ${[...turn.calls.keys()].join(', ')}`,
          );
          if (event.type === 'TurnCompleted')
            holds(
              turn.undecided.length === 0 && !turn.sampling,
              'MA3',
              position,
              () => 'the list that ends a turn has no calls',
            );
          return;
        }
        default:
      }
    },
  };
}

/** TU4: a summary is what was asked for when the history was too long, and takes nothing along that came since the newest answer. */
function summarised(turn: RunningTurn, event: EventOf<'ModelSampled'> | EventOf<'HistoryCompacted'>): void {
  const { agent, tooLong, list } = turn;
  const is = event.type === 'HistoryCompacted';
  const { position } = event;
  holds(tooLong === is, 'TU4', position, () => `${agent.path} was ${tooLong ? '' : 'not '}asked for a summary`);
  if (event.type !== 'HistoryCompacted') return;
  const { upTo } = event.data;
  holds(upTo < list, 'TU4', position, () => `${agent.path} forgets up to ${upTo} what is new since ${list}`);
}

function current(picture: Picture, event: Extract<HoldfastEvent, { data: { turnId: string } }> | HoldfastEvent) {
  const { turnId, agentId } = event.data as { turnId: string; agentId: string };
  const turn = picture.turns.get(turnId);
  holds(
    turn !== undefined && turn.agent.id === agentId,
    'I9',
    event.position,
    () => `${event.type} of a turn that is over, or never was`,
  );
  return turn;
}
