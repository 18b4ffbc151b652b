/** Planted defects of identity and task binding: answers and clears that count though they are about something that is over. */
import type { HoldfastFact } from '../../../events/catalogue.ts';
import { TaskBound, TaskCleared, TaskRegistrationStarted } from '../../../events/task.ts';
import type { Binding } from '../../../projections/state.ts';
import { bindingOf } from '../../../projections/taskBindings.ts';
import { type FactOf, firstOf, inDecisions, inFacts, type Plant, without } from './plant.ts';

const bound = (facts: readonly HoldfastFact[], origin: string): FactOf<'TaskBound'> | undefined => {
  const fact = firstOf(facts, 'TaskBound');
  return fact?.data.origin === origin ? fact : undefined;
};

export const registrationPlants: Readonly<Record<string, Plant>> = {
  R32: inDecisions(
    'a rejection that comes late takes away whatever task is bound by then',
    (real, state, ctx, command) => {
      const now = command.do === 'taskRejected' ? bindingOf(state, command.agentId) : undefined;
      if (command.do !== 'taskRejected' || now === undefined) return real(state, ctx, command);
      const { taskId, identityEpoch } = now;
      return real(state, ctx, { ...command, taskId, identityEpoch });
    },
  ),
  R33: inFacts('a task is used again under another identity, because the account is the same', (facts) => {
    const started = firstOf(facts, 'TaskRegistrationStarted');
    const stale = firstOf(facts, 'TaskCleared');
    if (started === undefined || stale?.data.reason !== 'stale') return facts;
    const { attempt: _, ...of } = started.data;
    return [TaskBound({ ...of, taskId: stale.data.taskId })];
  }),
  R34: inFacts('an identity that is not at hand at a start is not cleared in the log', (facts) =>
    facts.some(({ type }) => type === 'EngineStarted')
      ? without(facts, 'IdentityCleared', 'TaskRegistrationFailed')
      : facts,
  ),
  R35: inFacts('two who want the task of one agent at once register it twice', (facts) =>
    facts.flatMap((fact): HoldfastFact[] =>
      fact.type === 'TaskRegistrationStarted'
        ? [fact, TaskRegistrationStarted({ ...fact.data, key: `${fact.data.key} again` })]
        : [fact],
    ),
  ),
  R36: {
    says: 'prewarming comes before the restore, which then puts the task of the last life over the new one',
    engine: () => {
      const old = new Map<string, Binding>();
      return {
        facts: (facts, state) => {
          if (facts.some(({ type }) => type === 'EngineStarted'))
            for (const [agentId, binding] of Object.entries(state.taskBindings.newest)) old.set(agentId, binding);
          const warm = bound(facts, 'prewarm');
          const last = warm && old.get(warm.data.agentId);
          if (warm === undefined || last === undefined) return facts;
          return [...facts, TaskBound({ ...warm.data, taskId: last.taskId })];
        },
      };
    },
  },
  R37: inDecisions(
    'the account is switched during a registration, and its answer counts',
    (real, state, ctx, command) => {
      if (command.do === 'identityRegistered') return real(state, ctx, { ...command, accountNow: command.accountId });
      if (command.do !== 'taskRegistered') return real(state, ctx, command);
      return real(state, ctx, { ...command, accountNow: state.identities.current?.accountId ?? command.accountNow });
    },
  ),
  'binding-cleared-by-name-alone': inFacts(
    'the end of a task clears it although it has been renewed',
    (facts, state) => {
      const renewed = bound(facts, 'renewal');
      const before = renewed && state.taskBindings.newest[renewed.data.agentId];
      if (renewed === undefined || before === undefined) return facts;
      const { agentId, taskId, identityEpoch } = renewed.data;
      return [...facts, TaskCleared({ agentId, taskId, identityEpoch, reason: 'expired' })];
    },
  ),
};
