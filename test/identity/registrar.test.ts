/** Registrars behind one port, held to one contract; what is special to HTTP comes after it. */
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Failure } from '../../src/failure.ts';
import { assertionOf, parseAssertion, timestampOf } from '../../src/identity/assertion.ts';
import { httpRegistrar } from '../../src/identity/http.ts';
import { newKey, signedBy, signerOf } from '../../src/identity/key.ts';
import { localRegistrar } from '../../src/identity/local.ts';
import type { Registrar, Signer } from '../../src/identity/port.ts';
import { type RegistrarOptions, RegistrarServer } from '../../src/identity/server.ts';

const now = 1_795_171_880_000;
const account = { accountId: 'a', token: 'let me in' };
const { signal } = new AbortController();

function served(options: RegistrarOptions = {}): { registrar: Registrar; server: RegistrarServer } {
  const server = new RegistrarServer({ tokens: { 'let me in': 'a', other: 'b' }, now: () => now, ...options });
  const ask = (url: string | URL | Request, init?: RequestInit) => server.app.request(String(url), init);
  return { server, registrar: httpRegistrar({ url: 'http://r', version: '1', fetch: ask as typeof fetch }) };
}

/** A registrar that answers whatever it likes. */
const answering = (answer: () => Response | Promise<Response>): Registrar =>
  httpRegistrar({ url: 'http://r', version: '1', fetch: (async () => answer()) as typeof fetch });

const failureOf = async (promise: Promise<unknown>): Promise<Failure> => {
  const outcome = await promise.then(
    () => undefined,
    (error: Failure) => error,
  );
  if (outcome === undefined) throw new Error('it did not fail');
  return outcome;
};

describe.each([
  ['local', () => localRegistrar],
  ['HTTP', () => served().registrar],
  ['HTTP with sealed task ids', () => served({ sealed: true }).registrar],
])('a %s registrar', (_name, make) => {
  test('[TB3] gives a request that comes again the same answer, and another request another', async () => {
    const registrar = make();
    const signer = signerOf(newKey());
    const agent = (key: string) => registrar.registerAgent({ key, account, signer }, signal);
    const { runtimeId } = await agent('k1');
    expect((await agent('k1')).runtimeId).toBe(runtimeId);
    const task = (key: string, at = now) => registrar.registerTask({ key, account, signer, runtimeId, at }, signal);
    const { taskId } = await task('k2');
    expect((await task('k2', now + 5_000)).taskId).toBe(taskId);
    expect((await task('k3')).taskId).not.toBe(taskId);
  });

  test('[TB3] takes a key that was lost before it was registered for another request', async () => {
    const registrar = make();
    const agent = (signer: Signer) => registrar.registerAgent({ key: 'k1', account, signer }, signal);
    const { runtimeId } = await agent(signerOf(newKey()));
    expect((await agent(signerOf(newKey()))).runtimeId).not.toBe(runtimeId);
  });
});

describe('the HTTP registrar', () => {
  const ask = (registrar: Registrar, signer = signerOf(newKey())) =>
    registrar.registerAgent({ key: 'k', account, signer }, signal);

  test('[TB5] says how long a task is good for, and gives another one when it is over', async () => {
    const clock = { at: now };
    const { registrar } = served({ ttlMs: 90_500, now: () => clock.at });
    const signer = signerOf(newKey());
    const { runtimeId } = await ask(registrar, signer);
    const task = () => registrar.registerTask({ key: 'k', account, signer, runtimeId, at: clock.at }, signal);
    const first = await task();
    expect(first.ttlMs).toBe(90_000);
    clock.at += 90_500;
    expect((await task()).taskId).not.toBe(first.taskId);
  });

  test('[TB5] tells apart whom it does not take from whom it cannot serve', async () => {
    const { registrar } = served();
    const signer = signerOf(newKey());
    const stranger = { key: 'k', account: { accountId: 'a', token: 'guessed' }, signer };
    expect((await failureOf(registrar.registerAgent(stranger, signal))).code).toBe('HOLDFAST_REGISTRAR_REJECTED');
    const { runtimeId } = await ask(registrar, signer);
    const task = { key: 'k', account, signer, runtimeId, at: now };
    const other = { ...task, signer: signerOf(newKey()) };
    expect((await failureOf(registrar.registerTask(other, signal))).code).toBe('HOLDFAST_REGISTRAR_REJECTED');
    const late = { ...task, at: now - 3_600_000 };
    expect((await failureOf(registrar.registerTask(late, signal))).code).toBe('HOLDFAST_REGISTRAR_REJECTED');
    const foreign = { ...task, account: { accountId: 'b', token: 'other' } };
    expect((await failureOf(registrar.registerTask(foreign, signal))).code).toBe('HOLDFAST_REGISTRAR_REJECTED');
    expect((await failureOf(ask(answering(() => new Response('', { status: 500 }))))).retryable).toBe(true);
  });

  test.each([
    ['no JSON', () => new Response('<html>')],
    ['no object', () => Response.json(7)],
    ['null', () => Response.json(null)],
    ['no id', () => Response.json({})],
    ['an empty id', () => Response.json({ agent_runtime_id: '' })],
    ['an id of another kind', () => Response.json({ agent_runtime_id: 7 })],
    ['a book for an id', () => Response.json({ agent_runtime_id: 'x'.repeat(5_000) })],
  ])('[TB3] does not take %s for an answer', async (_what, answer) => {
    const failure = await failureOf(ask(answering(answer)));
    expect(failure.code).toBe('HOLDFAST_REGISTRAR_ANSWER');
    expect(failure.remedy).toBeDefined();
  });

  test.each([0, -1, 0.5, Number.NaN, 'soon', 1e300])(
    '[TB5] does not take %s for a time to live',
    async (expires_in) => {
      const signer = signerOf(newKey());
      const registrar = answering(() => Response.json({ task_id: 't', expires_in }));
      // JSON has no NaN: it comes as null, which is no time at all.
      const asked = registrar.registerTask({ key: 'k', account, signer, runtimeId: 'r', at: now }, signal);
      if (Number.isNaN(expires_in)) expect(await asked).toEqual({ taskId: 't' });
      else expect((await failureOf(asked)).code).toBe('HOLDFAST_REGISTRAR_ANSWER');
    },
  );

  test('[TB7] quotes neither token nor signature, whatever it is answered', async () => {
    const anyToken = fc.string({ minLength: 8, unit: 'binary-ascii' }).filter((text) => text.trim().length >= 8);
    const property = fc.asyncProperty(anyToken, fc.constantFrom(200, 400, 401, 403, 500), async (token, status) => {
      let sent = '';
      const echo = async (_url: unknown, init: RequestInit) => {
        sent = `${JSON.stringify(init.headers)} ${init.body}`;
        // What a real fetch does with a header that it cannot send.
        new Headers(init.headers);
        return new Response(sent, { status });
      };
      const registrar = httpRegistrar({ url: 'http://r', version: '1', fetch: echo as typeof fetch });
      const signer = signerOf(newKey());
      const of = { key: 'k', account: { accountId: 'a', token }, signer };
      for (const asked of [
        registrar.registerAgent(of, signal),
        registrar.registerTask({ ...of, runtimeId: 'r', at: now }, signal),
      ]) {
        const failure = await failureOf(asked);
        const said = JSON.stringify([failure.message, failure.remedy, failure.details, String(failure.cause)]);
        expect(said).not.toContain(JSON.stringify(token).slice(1, -1));
        expect(said).not.toContain(/"signature":"([^"]*)"/.exec(sent)?.[1] ?? 'no signature');
      }
    });
    await fc.assert(property, { numRuns: 40 });
  });
});

describe('an assertion', () => {
  test('[TB6] is base64url of JSON with its keys in order, signed over runtime, task and time', () => {
    const signer = signerOf(newKey());
    const text = assertionOf(signer, { runtimeId: 'r', taskId: 't' }, now);
    expect(text).toMatch(/^[A-Za-z0-9_-]+$/);
    const json = Buffer.from(text, 'base64url').toString();
    const parsed = parseAssertion(text)!;
    expect(Object.keys(JSON.parse(json))).toEqual(['agent_runtime_id', 'signature', 'task_id', 'timestamp']);
    expect(parsed).toMatchObject({ agent_runtime_id: 'r', task_id: 't', timestamp: timestampOf(now) });
    expect(timestampOf(now)).toBe('2026-11-20T10:51:20Z');
    expect(signedBy(signer.publicKey, `r:t:${parsed.timestamp}`, parsed.signature)).toBe(true);
  });

  test('[TB6] is verified by who knows the agent: another task, time, key or a task that was taken back is refused', async () => {
    const clock = { at: now };
    const { registrar, server } = served({ now: () => clock.at });
    const signer = signerOf(newKey());
    const { runtimeId } = await registrar.registerAgent({ key: 'k', account, signer }, signal);
    const { taskId } = await registrar.registerTask({ key: 'k', account, signer, runtimeId, at: now }, signal);
    const of = { runtimeId, taskId };
    expect(server.verify(assertionOf(signer, of, now))).toEqual({ ...of, accountId: 'a' });
    const wrong = [
      ...[assertionOf(signerOf(newKey()), of, now), assertionOf(signer, { ...of, taskId: 'task-x' }, now)],
      ...[assertionOf(signer, { ...of, runtimeId: 'x' }, now), assertionOf(signer, of, now - 3_600_000), '', 'AAAA'],
    ];
    for (const assertion of wrong) expect(server.verify(assertion)).toHaveProperty('error');
    const asHeader = { headers: { AgentAssertion: assertionOf(signer, of, now) } };
    const asScheme = { headers: { authorization: `AgentAssertion ${assertionOf(signer, of, now)}` } };
    for (const way of [asHeader, asScheme]) {
      const answer = await server.app.request('/v1/whoami', way);
      expect(await answer.json()).toEqual({ agent_runtime_id: runtimeId, task_id: taskId, account: 'a' });
    }
    const operator = { authorization: `Bearer ${account.token}` };
    const stranger = { authorization: 'Bearer other' };
    const revoke = (headers: Record<string, string>) =>
      server.app.request(`/v1/task/${taskId}`, { method: 'DELETE', headers });
    expect((await revoke(stranger)).status).toBe(404);
    expect((await revoke(operator)).status).toBe(200);
    expect((await server.app.request('/v1/whoami', asHeader)).status).toBe(401);
  });
});
