/** I12, TB1–TB5, from the log alone: one registration per agent, under the identity that counts, and no model asked without a task. */
import type { HoldfastEvent } from '../../../events/catalogue.ts';
import type { Checker } from './checker.ts';
import type { Picture } from './picture.ts';
import { holds } from './violation.ts';

/** TB3: registrations of tasks that may be under way at once. */
const atOnceMax = 8;

export const bindings = (): Checker => ({
  before: (picture, event) => {
    const { registry } = picture;
    if (isOf(event)) holds(registry.on, 'TB1', event.position, () => `${event.type}, and the fleet did not ask for it`);
    identities(picture, event);
    tasks(picture, event);
    if (event.type === 'ModelSampled' && registry.on && picture.agent(event.data.agentId).client === undefined)
      holds(
        registry.taskOf(event.data.agentId) !== undefined,
        'TB3',
        event.position,
        () => 'a model has answered an agent without a task',
      );
  },
  after: ({ registry, position, turns }) => {
    if (!registry.on || registry.stopped) return;
    if (registry.identity === undefined && registry.asking === undefined)
      for (const turn of turns.values())
        holds(
          !turn.sampling || turn.parked,
          'TB3',
          position,
          () => `${turn.agent.path} waits for an identity that nobody registers`,
        );
    if (registry.identity === undefined || registry.askingFor.size >= atOnceMax) return;
    for (const turn of turns.values()) {
      const { id, path } = turn.agent;
      const served = registry.taskOf(id) !== undefined || registry.askingFor.has(id);
      holds(
        !turn.sampling || turn.parked || served,
        'TB3',
        position,
        () => `${path} waits for a task that nobody registers`,
      );
    }
  },
});

const isOf = ({ type }: HoldfastEvent): boolean => type.startsWith('Identity') || type.startsWith('Task');

function identities({ registry }: Picture, event: HoldfastEvent): void {
  const { position } = event;
  switch (event.type) {
    case 'IdentityRegistrationStarted': {
      const one = registry.identity === undefined && registry.asking === undefined;
      holds(one, 'TB1', position, () => 'there is an identity, or one is being registered');
      holds(event.data.identityEpoch === registry.newest + 1, 'I12', position, () => 'epochs count up by one');
      return;
    }
    case 'IdentityRegistered':
      holds(registry.asking?.key === event.data.key, 'TB1', position, () => 'nobody asked for this identity');
      holds(
        registry.asking.epoch === event.data.identityEpoch,
        'I12',
        position,
        () => 'it was asked for as another epoch',
      );
      return;
    case 'IdentityRegistrationFailed':
      holds(registry.asking?.key === event.data.key, 'TB1', position, () => 'no such registration is under way');
      return;
    case 'IdentityCleared':
      holds(
        registry.identity?.epoch === event.data.identityEpoch,
        'TB5',
        position,
        () => `it names identity ${event.data.identityEpoch}, and ${registry.identity?.epoch} counts`,
      );
      holds(!registry.strict, 'TB5', position, () => 'a strict fleet keeps its identity');
      return;
    default:
  }
}

function tasks({ registry }: Picture, event: HoldfastEvent): void {
  const { position } = event;
  switch (event.type) {
    case 'TaskRegistrationStarted': {
      const { agentId, identityEpoch, origin } = event.data;
      holds(!registry.askingFor.has(agentId), 'TB3', position, () => 'a registration for this agent is under way');
      holds(registry.askingFor.size < atOnceMax, 'TB3', position, () => `${atOnceMax} registrations are under way`);
      holds(
        registry.identity?.epoch === identityEpoch,
        'TB3',
        position,
        () => 'it is not under the identity that counts',
      );
      const bound = registry.taskOf(agentId) !== undefined;
      holds(
        bound === (origin === 'renewal'),
        'TB4',
        position,
        () => `it has ${bound ? 'a' : 'no'} task, and this is a ${origin}`,
      );
      return;
    }
    case 'TaskRegistrationFailed': {
      const { agentId, key } = event.data;
      holds(registry.askingFor.get(agentId)?.key === key, 'TB3', position, () => 'no such registration is under way');
      return;
    }
    case 'TaskBound': {
      const { agentId, key, identityEpoch, runtimeId } = event.data;
      const asked = registry.askingFor.get(agentId);
      holds(asked?.key === key, 'I12', position, () => 'nobody has asked for this task');
      const { identity } = registry;
      const under = identity?.epoch === identityEpoch && asked.epoch === identityEpoch;
      holds(under && identity.runtimeId === runtimeId, 'I12', position, () => 'it is not of the identity that counts');
      return;
    }
    case 'TaskCleared': {
      const { agentId, taskId, identityEpoch, reason } = event.data;
      const last = registry.lastOf(agentId);
      const names = last?.taskId === taskId && last.epoch === identityEpoch;
      holds(names, 'TB5', position, () => `it names ${taskId}, and ${last?.taskId ?? 'none'} is bound`);
      const counts = registry.taskOf(agentId) !== undefined;
      holds(counts === (reason !== 'stale'), 'TB5', position, () => `it is cleared as ${reason}, and that is not so`);
      const over = last.expiresAt <= event.at;
      holds(reason !== 'expired' || over, 'TB5', position, () => 'its time is not over');
      return;
    }
    default:
  }
}
