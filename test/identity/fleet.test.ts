/** Scenarios 39–42 and the races of identity and tasks, in an engine that asks a registrar over HTTP and shows models what it got. */
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { registrationsMax } from '../../src/decide/registration.ts';
import { Failure } from '../../src/failure.ts';
import { newKey, pemOf, signerOf } from '../../src/identity/key.ts';
import { canonical } from '../../src/log/canonical.ts';
import { until } from '../rules/living.ts';
import { type Given, quiet, RegisteredFleet } from './registered.ts';

async function fleet(given: Given = {}, options = {}): Promise<RegisteredFleet> {
  return new RegisteredFleet(options).open(given);
}

/** A sampling that waits for its answer; one that was aborted does not. */
const open = (f: RegisteredFleet, path = '/root') => {
  const sampling = f.talk.asked.get(path);
  return sampling?.signal.aborted === false ? sampling : undefined;
};

async function asked(f: RegisteredFleet, path = '/root') {
  await quiet();
  // A sampling that is made again at once is a timer that is due.
  await f.clock.pass(0);
  return until(() => open(f, path), `a sampling of ${path}`);
}

/** One turn of the root from its mail to its answer. */
async function turn(f: RegisteredFleet): Promise<void> {
  await f.talk.says('/root', { say: 'done' });
  await until(() => !f.runs('/root'), 'the end of the turn');
}

const followup = (f: RegisteredFleet) =>
  f.life.engine.submit({ do: 'send', target: '/root', text: 'again', followup: true }, { by: 'operator' });

describe('scenario 39: a task of the last life', () => {
  test('[TB4] of the same identity is used again without a call to the registrar', async () => {
    const f = await fleet();
    await turn(f);
    const [calls, task] = [f.requests.length, f.taskOf('/root')];
    await f.again();
    await followup(f);
    await asked(f);
    expect(f.requests).toHaveLength(calls);
    expect(f.checked.shown).toMatchObject([{ taskId: task, accountId: 'a' }]);
  });

  test('[TB4] survives an eviction without a call and without an event', async () => {
    const f = await fleet({ limits: { activeTurns: 3 } });
    await asked(f);
    await f.spawn('/root', 'a');
    await f.talk.says('/root/a', { say: 'done' });
    await f.life.engine.submit({ do: 'evict', target: '/root/a' }, { by: 'operator' });
    const [calls, task] = [f.requests.length, f.taskOf('/root/a')];
    await f.life.engine.submit({ do: 'send', target: '/root/a', text: 'x', followup: true }, { by: 'operator' });
    await asked(f, '/root/a');
    expect([f.requests.length, f.taskOf('/root/a')]).toEqual([calls, task]);
    expect(f.of('AgentEvicted')).toHaveLength(1);
  });

  test.each(['the account', 'the key'])(
    '[TB4][R34] of another identity is cleared in the log when %s has changed',
    async (what) => {
      const f = await fleet();
      await turn(f);
      const task = f.taskOf('/root');
      if (what === 'the account') f.account = { accountId: 'b', token: 'token of b' };
      else f.keys.held = { registration: 'another', signer: signerOf(newKey()) };
      await f.again();
      expect(f.of('IdentityCleared')).toHaveLength(1);
      // And the old one comes back: its task does not.
      await f.again();
      await followup(f);
      await asked(f);
      expect(f.taskOf('/root')).not.toBe(task);
      expect(f.checked.shown.at(-1)).toMatchObject({ taskId: f.taskOf('/root') });
      expect(f.of('TaskCleared').map((e) => e.data)).toMatchObject([{ taskId: task, reason: 'stale' }]);
    },
  );

  test('[TB4] that was cleared on purpose stays cleared until the next turn', async () => {
    const f = await fleet();
    await turn(f);
    await f.life.engine.submit({ do: 'unbind', target: '/root' }, { by: 'operator' });
    await f.again();
    expect(f.taskOf('/root')).toBeUndefined();
    await followup(f);
    await asked(f);
    expect(f.taskOf('/root')).toBeDefined();
  });
});

describe('scenario 40: registering', () => {
  test('[TB2] a prewarming that fails harms nobody: the fleet opens, and the turn registers by itself', async () => {
    const f = await fleet();
    await asked(f);
    f.account = { accountId: 'b', token: 'token of b' };
    f.down = true;
    await f.again();
    await until(() => f.of('IdentityRegistrationFailed').length > 0, 'a failure');
    expect(f.of('TurnFailed').length).toBeLessThanOrEqual(1);
    f.down = false;
    if (!f.runs('/root')) await followup(f);
    await asked(f);
  });

  test('[TB3] a turn that cannot be registered fails with a remedy, and the next one tries again', async () => {
    const f = await fleet();
    await turn(f);
    await f.life.engine.submit({ do: 'unbind', target: '/root' }, { by: 'operator' });
    f.down = true;
    await followup(f);
    await until(() => f.of('TurnFailed').length === 1, 'the failure');
    expect(f.of('TurnFailed')[0]!.data).toMatchObject({
      error:
        'no task binding: the registrar at http://registrar cannot be reached (ECONNREFUSED); start it (`holdfast registrar` for trying out), or mend `identity.url`',
    });
    f.down = false;
    await followup(f);
    await asked(f);
  });

  test('[TB3] a registrar that never answers is not waited for longer than 15 s', async () => {
    const f = new RegisteredFleet();
    f.holding = true;
    await f.open();
    await until(() => f.heldBack.length > 0, 'a request');
    await f.clock.pass(14_999);
    expect(f.of('TurnFailed')).toEqual([]);
    await f.clock.pass(1);
    await until(() => f.of('TurnFailed').length === 1, 'the failure');
    expect(f.of('IdentityRegistrationFailed')[0]!.data).toMatchObject({ willRetry: false });
    expect(f.pending).toBe(0);
  });

  test('[TB3][R35] two turns of one agent that want its task cause one registration', async () => {
    const f = await fleet();
    await asked(f);
    f.holding = true;
    await f.talk.calls('/root', 'spawn_agent', { task_name: 'a', message: 'do', fork_turns: 'none' });
    await until(() => f.heldBack.length > 0, 'a request');
    await f.life.engine.submit({ do: 'interrupt', target: '/root/a' }, { by: 'operator' });
    await f.life.engine.submit({ do: 'send', target: '/root/a', text: 'x', followup: true }, { by: 'operator' });
    await f.letGo();
    await asked(f, '/root/a');
    expect(f.server.registrations).toBe(2);
  });

  test('[TB3][R37] an identity that changes under a registration makes it void, and it is made once more', async () => {
    const f = await fleet();
    await asked(f);
    f.holding = true;
    await f.talk.calls('/root', 'spawn_agent', { task_name: 'a', message: 'do', fork_turns: 'none' });
    await until(() => f.heldBack.length > 0, 'a request');
    f.account = { accountId: 'b', token: 'token of b' };
    await f.letGo();
    await asked(f, '/root/a');
    expect(f.checked.shown.at(-1)).toMatchObject({ taskId: f.taskOf('/root/a'), accountId: 'b' });
    expect(f.of('TaskRegistrationFailed').map((e) => e.data)).toMatchObject([{ willRetry: true }]);
  });
});

test('[TB5][R32] scenario 41: a clear that races with a new registration changes nothing after it, in every order', async () => {
  const order = fc.array(fc.constantFrom('unbind', 'reject', 'answer', 'restart'), { minLength: 1, maxLength: 6 });
  await fc.assert(
    fc.asyncProperty(order, async (steps) => {
      const f = await fleet();
      await asked(f);
      for (const step of steps) {
        f.holding = step !== 'answer';
        if (step === 'unbind') await f.life.engine.submit({ do: 'unbind', target: '/root' }, { by: 'operator' });
        else if (step === 'reject') for (const task of f.server.tasks.values()) task.revoked = true;
        else if (step === 'restart') await f.again();
        else await f.letGo();
        await quiet();
      }
      await f.letGo();
      // A task that was rejected twice has ended its turn.
      for (let i = 0; i < 9 && open(f) === undefined; i += 1) {
        await quiet();
        await f.clock.pass(0);
        if (!f.runs('/root')) await followup(f);
      }
      await asked(f);
      for (const task of f.server.tasks.values()) task.revoked = false;
      const last = f.of('TaskBound').at(-1)!.data as { taskId: string };
      expect(f.taskOf('/root')).toBe(last.taskId);
      await f.again();
      await asked(f);
      expect(f.taskOf('/root')).toBe(last.taskId);
      expect(f.checked.shown).toMatchObject([{ taskId: last.taskId }]);
    }),
    { numRuns: 25, examples: [[['unbind', 'reject', 'answer', 'reject']]] },
  );
});

test('[TB3][R37] scenario 42: an account that is switched at any request mixes nothing', async () => {
  for (const at of [1, 2, 3]) {
    const f = new RegisteredFleet();
    const { registrar, keys } = f.ports;
    let count = 0;
    const switching = {
      keys,
      account: () => f.account,
      registrar: {
        registerAgent: async (...of: Parameters<typeof registrar.registerAgent>) => {
          if (++count === at) f.account = { accountId: 'b', token: 'token of b' };
          return registrar.registerAgent(...of);
        },
        registerTask: async (...of: Parameters<typeof registrar.registerTask>) => {
          if (++count === at) f.account = { accountId: 'b', token: 'token of b' };
          return registrar.registerTask(...of);
        },
      },
    };
    await f.open({}, switching);
    await asked(f);
    const { current } = f.life.state.identities;
    expect(current?.accountId).toBe(f.account.accountId);
    expect(f.checked.shown).toMatchObject([{ accountId: f.account.accountId, runtimeId: current?.runtimeId }]);
    expect(f.server.agents.get(current!.runtimeId)?.publicKey).toBe(current?.publicKey);
  }
});

describe('a task', () => {
  test('[TB6] is shown with every sampling, by its own agent, and verified by the registrar', async () => {
    const f = await fleet();
    await asked(f);
    await f.spawn('/root', 'a');
    await asked(f, '/root/a');
    await f.talk.calls('/root', 'list_agents', {});
    await asked(f);
    const tasks = [f.taskOf('/root'), f.taskOf('/root/a')];
    expect(f.checked.shown.map((bearer) => ('taskId' in bearer ? bearer.taskId : bearer.error))).toEqual(
      expect.arrayContaining(tasks),
    );
    expect(f.checked.shown.every((bearer) => 'taskId' in bearer)).toBe(true);
    expect(new Set(tasks).size).toBe(2);
  });

  test('[TB6] is shown by nobody in a fleet that is not registered', async () => {
    const f = new RegisteredFleet();
    await f.begin({ roots: [{ prompt: 'go' }] }, { identity: f.ports });
    await until(() => f.checked.shown.length > 0, 'a sampling');
    expect(f.checked.shown).toEqual([{ error: 'this is no assertion' }]);
    expect(f.requests).toEqual([]);
  });

  test('[TB5] that a model does not take is replaced once; the model then answers', async () => {
    const f = await fleet();
    await turn(f);
    for (const task of f.server.tasks.values()) task.revoked = true;
    await followup(f);
    await asked(f);
    expect(f.checked.shown.map((bearer) => 'error' in bearer)).toEqual([false, true, false]);
    expect(f.of('TaskCleared').map((e) => e.data)).toMatchObject([{ reason: 'rejected' }]);
  });

  test('[TB5] whose agent the registrar took back leads to another identity, once', async () => {
    const f = await fleet();
    await turn(f);
    for (const agent of f.server.agents.values()) agent.revoked = true;
    await followup(f);
    await asked(f);
    expect(f.of('IdentityCleared').map((e) => e.data)).toMatchObject([{ reason: 'rejected' }]);
    expect(f.server.agents.size).toBe(2);
  });

  test('[TB5] in a strict fleet is not replaced', async () => {
    const f = await fleet({ identity: { registrar: 'http', url: 'http://registrar', strict: true } });
    await turn(f);
    for (const task of f.server.tasks.values()) task.revoked = true;
    await followup(f);
    await until(() => f.of('TurnFailed').length === 1, 'the failure');
    expect(f.server.registrations).toBe(1);
    expect(f.of('TaskCleared')).toEqual([]);
    // A strict fleet fails while its key is away, and goes on with the same task when it is back.
    for (const task of f.server.tasks.values()) task.revoked = false;
    const { held } = f.keys;
    f.keys.held = undefined;
    await f.again();
    await followup(f);
    await until(() => f.of('TurnFailed').length === 2, 'the failure without a key');
    f.keys.held = held;
    await f.again();
    await followup(f);
    await asked(f);
    expect(f.server.registrations).toBe(1);
  });

  test('[TB1] whose key cannot be read fails the turn, with what to do about it', async () => {
    const f = await fleet();
    await turn(f);
    f.keys.look = () => {
      throw new Failure('HOLDFAST_KEY_EXPOSED', 'others may read it', { remedy: 'chmod it' });
    };
    await f.again();
    await followup(f);
    await until(() => f.of('TurnFailed').length === 1, 'the failure');
    expect(f.of('TurnFailed')[0]!.data).toMatchObject({ error: 'others may read it; chmod it' });
    expect(f.of('IdentityCleared')).toEqual([]);
  });

  test('[TB5] with an end is renewed before that, while the model is being asked', async () => {
    const f = await fleet({}, { ttlMs: 600_000 });
    await asked(f);
    const first = f.taskOf('/root');
    await f.clock.pass(539_000);
    expect(f.server.registrations).toBe(1);
    await f.clock.pass(1_000);
    await until(() => f.taskOf('/root') !== first, 'the renewal');
    expect(f.talk.samplings).toHaveLength(1);
    await turn(f);
    const last = f.taskOf('/root');
    await f.clock.pass(3_600_000);
    expect(f.taskOf('/root')).toBe(last);
    await followup(f);
    await asked(f);
    expect(f.of('TaskCleared').at(-1)!.data).toMatchObject({ taskId: last, reason: 'expired' });
  });
});

test('[TB2] 1000 agents are prewarmed with one registration each, a bounded number at a time, and the start waits for none', async () => {
  const names = Array.from({ length: 1000 }, (_, i) => `a${i}`);
  const f = await fleet({ limits: { activeTurns: 1, whenFull: 'queue', residents: 4 } });
  const call = (name: string, id: string) =>
    ({ call: 'spawn_agent', id, args: { task_name: name, message: 'do', fork_turns: 'none' } }) as const;
  await f.talk.says('/root', ...names.map((name, i) => call(name, `c${i}`)));
  await until(() => Object.keys(f.life.state.agents).length === 1001, 'all agents');
  f.account = { accountId: 'b', token: 'token of b' };
  f.server.registrations = 0;
  f.pendingMax = 0;
  f.holding = true;
  await f.again();
  expect(f.pending).toBe(1);
  await f.letGo();
  await until(() => f.server.registrations === 1001, 'all registrations');
  await until(() => f.life.state.taskBindings.underWay === 0, 'the last answer');
  expect(f.pendingMax).toBeLessThanOrEqual(registrationsMax);
  const { newest } = f.life.state.taskBindings;
  expect(new Set(Object.values(newest).map(({ taskId }) => taskId)).size).toBe(1001);
  const since = f.of('EngineStarted').at(-1)!.position;
  const origins = f.of('TaskBound').flatMap((e) => (e.position > since ? (e.data as { origin: string }).origin : []));
  expect(origins).toHaveLength(1001);
  // All but the two whose turns wait for it.
  expect(origins.filter((origin) => origin === 'prewarm')).toHaveLength(999);
});

test('[TB3] an answer that a crash swallows is found by its key: the registrar registers once', async () => {
  const f = new RegisteredFleet();
  f.holding = true;
  await f.open();
  for (let lives = 0; lives < 4; lives += 1) {
    await until(() => f.heldBack.length > lives, 'a request');
    await f.again();
  }
  await f.letGo();
  await until(() => f.of('TaskRegistrationStarted').length === 1, 'the task');
  await asked(f);
  expect([f.server.agents.size, f.server.registrations]).toEqual([1, 1]);
});

test('[TB7] no token, no key and no signature is in the log, whatever registrars and models say', async () => {
  const secret = fc.string({ minLength: 12, maxLength: 40 }).filter((text) => /^[!-~]{12,}$/.test(text));
  const property = fc.asyncProperty(secret, fc.constantFrom(200, 401, 403, 500), async (token, status) => {
    const f = new RegisteredFleet();
    const said: string[] = [];
    const key = newKey();
    const signer = signerOf(key);
    const noted = { ...signer, sign: (text: string) => said[said.push(signer.sign(text)) - 1]! };
    const tell = (what: unknown) => {
      throw new Failure('HOLDFAST_REGISTRAR_FAILED', `HTTP ${status}`, { details: { what } });
    };
    f.account = { accountId: 'a', token };
    const registrar = {
      registerAgent: async (of: object) => (status === 500 ? tell(of) : { runtimeId: 'r' }),
      registerTask: async () => ({ taskId: 't' }),
    };
    const keys = { look: () => ({ is: 'sound', signer: noted }) as const, create: () => noted };
    f.talk.sample = (request) => {
      const shown = request.headers?.AgentAssertion ?? 'nothing';
      const { signature } = JSON.parse(Buffer.from(shown, 'base64url').toString());
      const code = status === 401 ? 'HOLDFAST_TASK_REJECTED' : 'HOLDFAST_MODEL_FAILED';
      return Promise.reject(new Failure(code, `${status}: ${shown}, ${signature}, and again ${shown}`));
    };
    await f.open(
      { roots: [{ prompt: `use ${token} and ${pemOf(key)}` }] },
      { keys, registrar, account: () => f.account },
    );
    // A rejected task is replaced first, and the model asked again.
    for (let i = 0; i < 9 && f.of('TurnFailed').length === 0; i += 1) await quiet().then(() => f.clock.pass(0));
    expect(f.of('TurnFailed')).toHaveLength(1);
    const log = f.events.map((event) => canonical(event)).join('\n') + canonical(f.life.state);
    const body = pemOf(key).split('\n')[1]!;
    const assertions = said.map((signature) =>
      Buffer.from(`"signature":"${signature}"`).toString('base64url').slice(4, 40),
    );
    for (const text of [JSON.stringify(token).slice(1, -1), body, ...said, ...assertions])
      expect(log).not.toContain(text);
  });
  await fc.assert(property, { numRuns: 30 });
});
