/** Identity and task bindings as decisions: what is registered, who waits, what a loss or a rejection leads to (TB1–TB5). */
import { describe, expect, test } from 'vitest';
import { TaskBound, TaskCleared } from '../../events/task.ts';
import { bindingOf } from '../../projections/taskBindings.ts';
import { registrationsMax } from '../../src/decide/registration.ts';
import { react } from '../../src/engine/react.ts';
import { type Given, of, PaperFleet, type Then, types } from './given.ts';

const seen = { accountId: 'me', publicKey: 'ssh-ed25519 A' };

/** A registrar on paper: it says what a test wants to hear. */
class Registered extends PaperFleet {
  #runtimes = 0;
  #tasks = 0;

  constructor(given: Given = {}) {
    super({ identity: { registrar: 'local' }, ...given });
  }

  /** The registration of the identity that is under way is answered. */
  identified(accountNow = 'me'): Then {
    const { key } = this.state.identities.registering!;
    this.#runtimes += 1;
    return this.ask({ do: 'identityRegistered', key, runtimeId: `r${this.#runtimes}`, ...seen, accountNow }, 'engine');
  }

  /** The registration for an agent that is under way is answered. */
  bound(path: string, { accountNow = 'me', ttlMs }: { accountNow?: string; ttlMs?: number } = {}): Then {
    this.#tasks += 1;
    const expiry = ttlMs === undefined ? {} : { expiresAt: this.now + ttlMs };
    const of = { agentId: this.id(path), key: this.keyOf(path), accountNow, ...expiry };
    return this.ask({ do: 'taskRegistered', ...of, taskId: `t${this.#tasks}` }, 'engine');
  }

  unregistered(path: string, { rejected = false } = {}): Then {
    const of = { agentId: this.id(path), key: this.keyOf(path) };
    return this.ask({ do: 'taskRegistrationFailed', ...of, error: 'the registrar is away', rejected }, 'engine');
  }

  rejected(path: string, binding = bindingOf(this.state, this.id(path))!): Then {
    const { taskId, identityEpoch } = binding;
    const turn = { turnId: this.turn(path).turnId, n: this.agent(path).samplings + 1 };
    const task = { agentId: this.id(path), taskId, identityEpoch };
    return this.ask({ do: 'taskRejected', ...turn, ...task, error: 'HTTP 401' }, 'engine');
  }

  keyOf(path: string): string {
    return this.state.taskBindings.registering[this.id(path)]!.key;
  }

  taskOf(path: string): string | undefined {
    return bindingOf(this.state, this.id(path))?.taskId;
  }

  effects(then: Then) {
    return react(this.state, then.events).map((effect) => effect.do);
  }

  restart(identity: object = seen): Then {
    return this.ask({ do: 'start', bootId: 'b', pid: 1, version: '0', identity: identity as typeof seen }, 'engine');
  }
}

const fleet = (given?: Given) => new Registered(given);

/** A fleet whose root is bound. */
function ready(given?: Given): Registered {
  const f = fleet(given);
  f.identified();
  f.bound('/root');
  return f;
}

describe('a turn', () => {
  test('[TB1] of a fleet without a registrar asks its model at once, and nothing is registered', () => {
    const f = new PaperFleet({});
    expect(f.events.map((e) => e.type).filter((type) => /Identity|Task/.test(type))).toEqual([]);
    expect(react(f.state, f.events).map((effect) => effect.do)).toContain('sample');
  });

  test('[TB1][TB3] waits for identity and task before its first sampling', () => {
    const f = fleet();
    expect(f.effects({ events: f.events })).toContain('registerIdentity');
    expect(f.effects({ events: f.events })).not.toContain('sample');
    expect(f.status('/root')).toBe('waiting');
    const identified = f.identified();
    expect(types(identified)).toEqual(['IdentityRegistered', 'TaskRegistrationStarted']);
    expect(f.effects(identified)).toEqual(['registerTask']);
    const bound = f.bound('/root');
    expect(types(bound)).toEqual(['TaskBound']);
    expect(f.effects(bound)).toEqual(['sample']);
    expect(f.status('/root')).toBe('running');
  });

  test('[TB3] of another agent gets a task of its own under the same identity', () => {
    const f = ready();
    const spawned = f.spawn('/root', 'a');
    expect(types(spawned).at(-1)).toBe('TaskRegistrationStarted');
    f.bound('/root/a');
    expect([f.taskOf('/root'), f.taskOf('/root/a')]).toEqual(['t1', 't2']);
    expect(f.of('IdentityRegistered')).toHaveLength(1);
  });

  test('[TB3] that follows uses the task again: no call, no event', () => {
    const f = ready();
    f.say('/root');
    const next = f.followup('/root');
    expect(f.effects(next)).toContain('sample');
    expect(f.of('TaskRegistrationStarted')).toHaveLength(1);
  });

  test('[TB3][MA3] takes the mail that came while it had no task before it asks', () => {
    const f = fleet();
    f.identified();
    f.ask({ do: 'send', target: '/root', text: 'and this' });
    expect(types(f.bound('/root'))).toEqual(['TaskBound', 'MailConsumed']);
    expect(f.unread('/root')).toEqual([]);
  });

  test('[TB3] whose registration fails ends with a reason, alone, and the next one tries again', () => {
    const f = ready();
    f.spawn('/root', 'a');
    const failed = f.unregistered('/root/a');
    expect(types(failed)).toEqual([
      ...['TaskRegistrationFailed', 'MailReturned', 'TurnFailed', 'MailAccepted', 'SlotReleased'],
    ]);
    expect(of(failed, 'TurnFailed')[0]!.data.error).toBe('no task binding: the registrar is away');
    expect(f.runs('/root')).toBe(true);
    expect(types(f.followup('/root/a')).at(-1)).toBe('TaskRegistrationStarted');
    f.bound('/root/a');
    expect(f.status('/root/a')).toBe('running');
  });

  test('[TB3] that is interrupted while it waits asked no model, and its registration is not made twice', () => {
    const f = ready();
    f.spawn('/root', 'a');
    expect(types(f.interrupt('/root/a'))).toEqual(['MailReturned', 'TurnInterrupted', 'SlotReleased']);
    f.followup('/root/a');
    expect(f.of('TaskRegistrationStarted')).toHaveLength(2);
    f.bound('/root/a');
    expect(f.status('/root/a')).toBe('running');
  });

  test('[TU7][TB3] of a fork gets its own task, not that of its parent', () => {
    const f = ready();
    f.spawn('/root', 'a', { fork_turns: 'all' });
    expect(f.taskOf('/root/a')).toBeUndefined();
    f.bound('/root/a');
    expect(f.taskOf('/root/a')).not.toBe(f.taskOf('/root'));
  });

  test('[TB1] when the identity cannot be registered every turn that waits for it fails, and the next one tries again', () => {
    const f = fleet({
      roots: [
        { name: 'x', prompt: 'go' },
        { name: 'y', prompt: 'go' },
      ],
    });
    const { key } = f.state.identities.registering!;
    const failed = f.ask({ do: 'identityRegistrationFailed', key, error: 'no registrar' }, 'engine');
    expect(types(failed).filter((type) => type === 'TurnFailed')).toHaveLength(2);
    expect(types(f.followup('x:/root')).at(-1)).toBe('IdentityRegistrationStarted');
  });
});

describe('an agent', () => {
  test('[TB3][R35] has one registration, however many want its task', () => {
    const f = ready();
    f.spawn('/root', 'a');
    f.interrupt('/root/a');
    f.followup('/root/a');
    f.crash();
    expect(f.of('TaskRegistrationStarted').filter((e) => e.data.agentId === f.id('/root/a'))).toHaveLength(1);
  });

  test('[TB3] is one of a bounded number that are registered at once, and turns come before prewarming', () => {
    const names = Array.from({ length: registrationsMax + 3 }, (_, i) => `a${i}`);
    const f = ready({ limits: { activeTurns: 20 } });
    for (const name of names) f.spawn('/root', name);
    expect(f.state.taskBindings.underWay).toBe(registrationsMax);
    for (const name of names) {
      f.bound(`/root/${name}`);
      expect(f.state.taskBindings.underWay).toBeLessThanOrEqual(registrationsMax);
    }
    expect(f.state.taskBindings.underWay).toBe(0);
    expect(names.every((name) => f.status(`/root/${name}`) === 'running')).toBe(true);
  });

  test('[TB3] that is closed gives its place free, and a late answer binds nobody', () => {
    const f = ready();
    f.spawn('/root', 'a');
    const [agentId, key] = [f.id('/root/a'), f.keyOf('/root/a')];
    f.close('/root/a');
    expect(f.state.taskBindings.underWay).toBe(0);
    const late = f.ask({ do: 'taskRegistered', agentId, key, taskId: 'late', accountNow: 'me' }, 'engine');
    expect(types(late)).toEqual([]);
  });

  test('[TB5] loses its task to the operator, and its turn waits for another one', () => {
    const f = ready();
    const then = f.ask({ do: 'unbind', target: '/root' });
    expect(types(then)).toEqual(['TaskCleared', 'TaskRegistrationStarted']);
    expect(f.effects(then)).toEqual(['cancelTurn', 'registerTask']);
    expect(f.status('/root')).toBe('waiting');
    f.bound('/root');
    expect(f.status('/root')).toBe('running');
    f.say('/root');
    expect(types(f.ask({ do: 'unbind', target: '/root' }))).toEqual(['TaskCleared']);
    expect(f.ask({ do: 'unbind', target: '/root' }).answer).toEqual({ path: '/root', unbound: false });
  });
});

describe('at a start', () => {
  test('[TB4] a task of the same identity is used again: no call, no event', () => {
    const f = ready();
    f.spawn('/root', 'a');
    f.bound('/root/a');
    f.say('/root/a');
    const then = f.restart();
    expect(types(then)).toEqual(['EngineStarted', 'AgentLoaded', 'TurnResumed']);
    expect(f.effects(then)).toContain('sample');
    f.followup('/root/a');
    expect(f.of('TaskBound')).toHaveLength(2);
    expect(f.of('TaskRegistrationStarted')).toHaveLength(2);
  });

  test.each([
    ['account-changed', { ...seen, accountId: 'you' }],
    ['key-foreign', { ...seen, publicKey: 'ssh-ed25519 B' }],
    ['key-missing', { accountId: 'me' }],
    ['key-damaged', { accountId: 'me', damaged: true }],
  ])('[TB4][R34] %s: the identity is cleared in the log, and a task of it never counts again', (reason, identity) => {
    const f = ready();
    const then = f.restart(identity);
    expect(types(then).slice(0, 2)).toEqual(['EngineStarted', 'IdentityCleared']);
    expect(of(then, 'IdentityCleared')[0]!.data.reason).toBe(reason);
    expect(f.taskOf('/root')).toBeUndefined();
    f.crash();
    expect(f.taskOf('/root')).toBeUndefined();
    const again = f.identified();
    expect(types(again)).toEqual(['IdentityRegistered', 'TaskCleared', 'TaskRegistrationStarted']);
    expect(of(again, 'TaskCleared')[0]!.data).toMatchObject({ taskId: 't1', reason: 'stale' });
    f.bound('/root');
    expect(f.taskOf('/root')).toBe('t2');
  });

  test('[TB4] a cleared task stays cleared until the next turn', () => {
    const f = ready();
    f.say('/root');
    f.ask({ do: 'unbind', target: '/root' });
    expect(types(f.restart())).toEqual(['EngineStarted']);
    expect(f.taskOf('/root')).toBeUndefined();
    expect(types(f.followup('/root')).at(-1)).toBe('TaskRegistrationStarted');
  });

  test('[TB5] a task whose time is over is cleared, and another one is registered', () => {
    const f = fleet();
    f.identified();
    f.bound('/root', { ttlMs: 60_000 });
    f.now += 60_000;
    expect(types(f.restart())).toEqual([
      ...['EngineStarted', 'TaskCleared', 'AgentLoaded', 'TurnResumed', 'TaskRegistrationStarted'],
    ]);
  });

  test('[TB2][R36] agents in a turn or in the queue are prewarmed, after what the last life left is restored', () => {
    const f = ready({ limits: { activeTurns: 1, whenFull: 'queue' } });
    for (const name of ['a', 'b', 'c']) f.spawn('/root', name);
    f.bound('/root/a');
    const then = f.restart({ ...seen, accountId: 'you' });
    const place = (type: string) => types(then).indexOf(type as never);
    expect(place('IdentityRegistrationStarted')).toBeGreaterThan(place('IdentityCleared'));
    f.identified('me');
    const registered = Object.keys(f.state.taskBindings.registering);
    expect(registered).toEqual(['/root', '/root/a', '/root/b', '/root/c'].map((path) => f.id(path)));
  });

  test('[TB2] a prewarming that fails is only recorded: the turn registers by itself, and only then fails', () => {
    const f = ready({ limits: { activeTurns: 1, whenFull: 'queue' } });
    f.spawn('/root', 'a');
    f.spawn('/root', 'b');
    f.bound('/root/a');
    f.restart();
    const prewarmed = f.of('TaskRegistrationStarted').at(-1)!.data;
    expect(prewarmed).toMatchObject({ agentId: f.id('/root/b'), origin: 'prewarm' });
    f.say('/root/a');
    expect(f.runs('/root/b')).toBe(true);
    const failed = f.unregistered('/root/b');
    expect(types(failed)).toEqual(['TaskRegistrationFailed', 'TaskRegistrationStarted']);
    expect(of(failed, 'TaskRegistrationStarted')[0]!.data.origin).toBe('turn');
    expect(types(f.unregistered('/root/b'))).toContain('TurnFailed');
  });

  test('[TB3] what the registrar was asked for is asked again under the same key', () => {
    const f = ready();
    f.spawn('/root', 'a');
    const key = f.keyOf('/root/a');
    const then = f.restart();
    expect(react(f.state, then.events)).toContainEqual({ do: 'registerTask', agentId: f.id('/root/a'), key });
    expect(f.of('TaskRegistrationStarted')).toHaveLength(2);
    const g = fleet();
    const asked = g.state.identities.registering!.key;
    const started = g.restart();
    expect(react(g.state, started.events)).toContainEqual({ do: 'registerIdentity', key: asked });
  });
});

describe('when the identity is lost', () => {
  test('[TB3][R37] an account that changes under a registration makes it void, at most twice', () => {
    const f = ready();
    f.spawn('/root', 'a');
    const first = f.bound('/root/a', { accountNow: 'you' });
    expect(types(first)).toEqual(['IdentityCleared', 'TaskRegistrationFailed', 'IdentityRegistrationStarted']);
    expect(of(first, 'TaskRegistrationFailed')[0]!.data.willRetry).toBe(true);
    f.identified();
    expect(f.of('TaskRegistrationStarted').at(-1)!.data.attempt).toBe(2);
    const second = f.bound('/root/a', { accountNow: 'you' });
    expect(of(second, 'TaskRegistrationFailed').at(-1)!.data.willRetry).toBe(false);
    expect(types(second)).toContain('TurnFailed');
    expect(f.of('TaskBound').filter((e) => e.data.agentId === f.agent('/root/a').agentId)).toEqual([]);
  });

  test('[TB3][R37] an account that changes while the agent is registered makes that void, at most twice', () => {
    const f = fleet();
    expect(types(f.identified('you'))).toEqual(['IdentityRegistrationFailed', 'IdentityRegistrationStarted']);
    expect(types(f.identified('you'))).toContain('TurnFailed');
    expect(f.of('IdentityRegistered')).toEqual([]);
  });

  test('[TB5] a registrar that does not take it any more gets another one, once', () => {
    const f = ready();
    f.spawn('/root', 'a');
    expect(types(f.unregistered('/root/a', { rejected: true }))).toContain('IdentityCleared');
    f.identified();
    const second = f.unregistered('/root/a', { rejected: true });
    expect(types(second)).toContain('TurnFailed');
    expect(types(second)).not.toContain('IdentityCleared');
  });

  test('[TB3] what a model was asked under it is void, and is asked again under the next', () => {
    const f = ready();
    const { turnId } = f.turn('/root');
    const { identityEpoch } = f.state.identities.current!;
    const lost = { reason: 'account-changed', error: 'switched', agentId: f.id('/root') } as const;
    const then = f.ask({ do: 'identityLost', identityEpoch, ...lost, turnId }, 'engine');
    expect(f.effects(then)).toContain('cancelTurn');
    expect(types(f.say('/root', 'too late'))).toEqual([]);
    f.identified();
    expect(f.effects(f.bound('/root'))).toContain('sample');
    expect(types(f.ask({ do: 'identityLost', identityEpoch, ...lost, turnId }, 'engine'))).toEqual([]);
  });
});

describe('a clear', () => {
  test('[TB5][R32] of an older binding changes nothing, in every order', () => {
    for (const late of ['before', 'after']) {
      const f = ready();
      const agentId = f.id('/root');
      const { identityEpoch, runtimeId } = f.state.identities.current!;
      const old = TaskCleared({ agentId, taskId: 't1', identityEpoch, reason: 'stale' });
      const key = 'another';
      const bound = TaskBound({ agentId, taskId: 't9', runtimeId, identityEpoch, key, origin: 'turn' });
      f.happened(...(late === 'before' ? [old, bound] : [bound, old]));
      expect(f.taskOf('/root')).toBe('t9');
    }
  });

  test('[TB5][R32] that names another epoch changes nothing', () => {
    const f = ready();
    f.happened(TaskCleared({ agentId: f.id('/root'), taskId: 't1', identityEpoch: 0, reason: 'stale' }));
    expect(f.taskOf('/root')).toBe('t1');
  });

  test('[I12] a binding of an older identity does not count, whenever it comes', () => {
    const f = ready();
    f.restart({ ...seen, accountId: 'you' });
    f.identified();
    f.bound('/root');
    const of = { agentId: f.id('/root'), runtimeId: 'r1', key: 'old', origin: 'turn' as const };
    f.happened(TaskBound({ ...of, taskId: 'told late', identityEpoch: 1 }));
    expect(f.taskOf('/root')).toBe('t2');
  });

  test('[TB5] by a model that does not take the task registers another one, once, then the turn fails clearly', () => {
    const f = ready();
    const first = f.rejected('/root');
    expect(types(first)).toEqual(['TaskCleared', 'SamplingEnded', 'TaskRegistrationStarted']);
    f.bound('/root');
    expect(f.status('/root')).toBe('running');
    const second = f.rejected('/root');
    expect(types(second)).toEqual(['TaskCleared', 'SamplingEnded', 'MailReturned', 'TurnFailed']);
    f.followup('/root');
    f.bound('/root');
    f.calls('/root', ['list_agents', {}]);
    expect(types(f.rejected('/root'))).toContain('TaskRegistrationStarted');
  });

  test('[TB5][R32] a rejection that comes after another task was bound clears nothing, and the model is asked again', () => {
    const f = ready();
    const old = bindingOf(f.state, f.id('/root'))!;
    f.ask({ do: 'unbind', target: '/root' });
    f.bound('/root');
    expect(types(f.rejected('/root', old))).toEqual(['SamplingEnded']);
    expect(f.taskOf('/root')).toBe('t2');
  });
});

describe('a task with an end', () => {
  const renewal = (f: Registered) => {
    const { taskId, identityEpoch } = bindingOf(f.state, f.id('/root'))!;
    return f.ask({ do: 'renewTask', agentId: f.id('/root'), taskId, identityEpoch }, 'engine');
  };

  function ending(): Registered {
    const f = fleet();
    f.identified();
    expect(f.effects(f.bound('/root', { ttlMs: 60_000 }))).toEqual(['renewTask', 'sample']);
    return f;
  }

  test('[TB5] is renewed before that, without a pause of the turn', () => {
    const f = ending();
    expect(types(renewal(f))).toEqual(['TaskRegistrationStarted']);
    expect(f.status('/root')).toBe('running');
    expect(types(renewal(f))).toEqual([]);
    f.bound('/root');
    expect(f.taskOf('/root')).toBe('t2');
    f.say('/root');
    expect(types(renewal(f))).toEqual([]);
  });

  test('[TB5] whose renewal fails is good until its end, and then the turn registers another one', () => {
    const f = ending();
    renewal(f);
    expect(types(f.unregistered('/root'))).toEqual(['TaskRegistrationFailed']);
    const { taskId, identityEpoch } = bindingOf(f.state, f.id('/root'))!;
    const over = { do: 'taskExpired', agentId: f.id('/root'), taskId, identityEpoch } as const;
    expect(types(f.ask(over, 'engine'))).toEqual([]);
    f.now += 60_000;
    expect(types(f.ask(over, 'engine'))).toEqual(['TaskCleared', 'TaskRegistrationStarted']);
    expect(types(f.ask(over, 'engine'))).toEqual([]);
  });
});

describe('a strict fleet', () => {
  const strict: Given = { identity: { registrar: 'local', strict: true } };

  test('[TB5] keeps identity and tasks when it starts with another account or key, and only who needs them fails', () => {
    const f = ready(strict);
    const then = f.restart({ ...seen, accountId: 'you' });
    expect(types(then)).toEqual(['EngineStarted', 'AgentLoaded', 'TurnResumed']);
    const of = { identityEpoch: 1, reason: 'account-changed', error: 'another account' } as const;
    const { turnId, agentId } = f.turn('/root');
    const failed = f.ask({ do: 'identityLost', ...of, agentId, turnId }, 'engine');
    expect(types(failed)).toEqual(['MailReturned', 'TurnFailed']);
    expect(f.taskOf('/root')).toBe('t1');
  });

  test('[TB5] fails a turn whose task is rejected, and registers nothing', () => {
    const f = ready(strict);
    expect(types(f.rejected('/root'))).toEqual(['SamplingEnded', 'MailReturned', 'TurnFailed']);
    expect(f.taskOf('/root')).toBe('t1');
  });

  test('[TB5] fails a turn whose registration meets another account', () => {
    const f = ready(strict);
    f.spawn('/root', 'a');
    const failed = f.bound('/root/a', { accountNow: 'you' });
    expect(types(failed)).toContain('TurnFailed');
    expect(f.of('IdentityCleared')).toEqual([]);
    const rejected = ready(strict);
    rejected.spawn('/root', 'a');
    expect(types(rejected.unregistered('/root/a', { rejected: true }))).toContain('TurnFailed');
    expect(rejected.of('IdentityCleared')).toEqual([]);
  });
});
