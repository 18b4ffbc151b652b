/** Planted defects of processes: races of the peer's unified exec (cells-and-processes.md §5.4) as this engine would have them, and typing told twice or not at all. */
import type { HoldfastFact } from '../../../events/catalogue.ts';
import { ProcessDetached, ProcessLaunchFailed } from '../../../events/process.ts';
import type { State } from '../../../projections/state.ts';
import { liveOf } from '../../decide/leases.ts';
import { findForOperator } from '../../decide/paths.ts';
import { inDecisions, inFacts, type Plant } from './plant.ts';

const isEnd = (fact: HoldfastFact): fact is Extract<HoldfastFact, { type: 'ProcessExited' | 'ProcessTerminated' }> =>
  fact.type === 'ProcessExited' || fact.type === 'ProcessTerminated';

const isTyping = (fact: HoldfastFact): boolean => fact.type === 'ProcessWritten' && fact.data.writtenBy === 'operator';

/** A state that knows of no typing at this process. */
function forgetful(state: State, processId: number): State {
  const process = state.processes.all[processId];
  if (process?.typed === undefined) return state;
  const all = { ...state.processes.all, [processId]: { ...process, typed: 0 } };
  return { ...state, processes: { ...state.processes, all } };
}

export const processPlants: Readonly<Record<string, Plant>> = {
  'P-1': {
    says: 'a poll that sees the exit takes the watcher away before it has told anybody',
    engine: () => {
      const unwatched = new Set<number>();
      return {
        facts: (facts, state) =>
          facts.filter((fact) => {
            if (!isEnd(fact)) return true;
            const { processId } = fact.data;
            const polled = Object.values(state.turns).some((turn) =>
              Object.values(turn.calls).some((call) => call.tool === 'write_stdin' && call.processId === processId),
            );
            if (polled) unwatched.add(processId);
            return !unwatched.has(processId);
          }),
      };
    },
  },
  'P-2': {
    says: 'a reattached process has no watchers: nobody hears of its end',
    engine: () => {
      const unwatched = new Set<number>();
      return {
        facts: (facts) => {
          for (const fact of facts) if (fact.type === 'ProcessReattached') unwatched.add(fact.data.processId);
          return facts.filter((fact) => !isEnd(fact) || !unwatched.has(fact.data.processId));
        },
      };
    },
  },
  'P-6': inDecisions(
    'a detach also moves what is detached already, over what lies there',
    (real, state, ctx, command) => {
      const decision = real(state, ctx, command);
      const found = command.do === 'detach' ? findForOperator(state, command.target) : undefined;
      if (found?._tag !== 'Right' || decision._tag === 'Left') return decision;
      const moved = liveOf(state, found.right.agentId).map(
        ({ processId, agentId }): HoldfastFact => ProcessDetached({ processId, agentId, reason: 'operator' }),
      );
      return { _tag: 'Right', right: { ...decision.right, facts: moved } };
    },
  ),
  'P-7': inFacts('an eviction takes processes from their agent and gives them to nobody', (facts) =>
    facts.filter((fact) => fact.type !== 'ProcessDetached' || fact.data.reason !== 'evicted'),
  ),
  'P-9': inFacts('the id of a process that has ended is given to the next one', (facts, state) => {
    const over = Object.values(state.processes.all).find((process) => process.end !== undefined);
    if (over === undefined) return facts;
    const { processId } = over;
    return facts.map((fact) =>
      fact.type === 'ProcessRequested' ? { ...fact, data: { ...fact.data, processId } } : fact,
    );
  }),
  'P-11': inFacts('a stop of all misses the starts that are still in progress', (facts, state) =>
    facts.filter(
      (fact) =>
        fact.type !== 'ProcessStopRequested' ||
        fact.data.reason === 'requested' ||
        state.processes.all[fact.data.processId]?.pid !== undefined,
    ),
  ),
  'P-20': inFacts('what is stopped while it starts is said not to run, and then it starts', (facts, state) =>
    facts.map((fact): HoldfastFact => {
      if (fact.type !== 'ProcessStopRequested') return fact;
      const { processId, agentId } = fact.data;
      const starting = state.processes.all[processId]?.pid === undefined;
      return starting ? ProcessLaunchFailed({ processId, agentId, error: 'it was stopped before it ran' }) : fact;
    }),
  ),
  'P-23': {
    says: 'a request whose answer was lost is sent again as another one',
    host: (host, life) => ({
      ...host,
      start: (request) => host.start({ ...request, requestId: `${request.requestId} in life ${life}` }),
      write: (requestId, processId, bytes) => host.write(`${requestId} in life ${life}`, processId, bytes),
    }),
  },
  'typed-twice': inDecisions('what operators have typed is recorded again by each life', (real, state, ctx, command) =>
    command.do === 'processTyped' ? real(forgetful(state, command.processId), ctx, command) : real(state, ctx, command),
  ),
  'typed-and-ended': inFacts('what was typed last is not told when the process has ended meanwhile', (facts) =>
    facts.some(({ type }) => type === 'ProcessExited' || type === 'ProcessTerminated')
      ? facts.filter((fact) => !isTyping(fact))
      : facts,
  ),
};
