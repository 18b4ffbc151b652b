/** Servers that fail: what is asked again, what is not, and what is told. */
import { describe, expect, test } from 'vitest';
import type { Failure } from '../../src/failure.ts';
import { overflowCode, taskRejectedCode } from '../../src/models/port.ts';
import type { WireFault } from '../../src/models/scripted.ts';
import { failureOf } from '../../src/models/trouble.ts';
import { ask, call, kinds, mail, modelAt, result, saying, scripted } from './at.ts';

const scripts = { '*': [[{ call: 'list_agents', id: 'c1', args: {} }, { say: 'a longer answer' }]] };

const failure = (asked: Promise<unknown>): Promise<Failure> =>
  asked.then(
    () => expect.unreachable('it answered'),
    (error) => error as Failure,
  );

const about = { baseUrl: 'http://there/v1', model: 'm', keyFrom: 'KEY', asserted: false };

describe.each(kinds)('an answer in %s', (kind) => {
  const failing = async (fault: WireFault, more = {}) => {
    const { baseUrl, server } = await scripted({ scripts, fault: () => fault });
    return { told: await failure(ask(modelAt(kind, baseUrl, more))), server };
  };

  test.each(['cut', 'end', 'garbage', 'stall'] as const)(
    '[MO3] that goes wrong in the middle was not received, and is asked for again (%s)',
    async (goes) => {
      for (const after of [0, 1, 3]) {
        const { told } = await failing({ after, goes }, goes === 'stall' ? { idleMs: 200 } : {});
        expect(told).toMatchObject({ retryable: true });
        expect(told.message).toMatch(goes === 'stall' ? /nothing came for 0.2 s/ : /broke off|no answer/);
      }
    },
  );

  test('[MO4] that is refused for now is asked for again, after the pause that the server wants', async () => {
    for (const status of [408, 429, 500, 503])
      expect((await failing({ status, message: 'not now' })).told).toMatchObject({ retryable: true });
    const asked = { status: 429, message: 'slowly', headers: { 'retry-after': '7' } };
    expect((await failing(asked)).told.details).toMatchObject({ retryAfterMs: 7_000, status: 429 });
    const precise = { ...asked, headers: { 'retry-after-ms': '250' } };
    expect((await failing(precise)).told.details).toMatchObject({ retryAfterMs: 250 });
    const date = { ...asked, headers: { 'retry-after': new Date(Date.now() + 60_000).toUTCString() } };
    expect((await failing(date)).told.details.retryAfterMs).toBeGreaterThan(50_000);
  });

  test('[MO4] that is refused for good is told as the server said it', async () => {
    const { told, server } = await failing({ status: 400, message: 'temperature has to be low', code: 'bad' });
    expect(told).toMatchObject({ code: 'HOLDFAST_MODEL_REFUSED', retryable: false });
    expect(told.message).toMatch(/400 temperature has to be low/);
    expect((await failing({ status: 404, message: 'no model m' })).told.message).toMatch(/check the name of the model/);
    expect((await failing({ status: 401, message: 'bad key' })).told.message).toMatch(
      /check the key in OPENAI_API_KEY/,
    );
    // One request each: the library does not ask by itself.
    expect(server.asked).toHaveLength(1);
  });

  test('[MO4] of a server that is not there says so, and is asked for again', async () => {
    const { baseUrl, close } = await scripted({ scripts });
    await close();
    const told = await failure(ask(modelAt(kind, baseUrl)));
    expect(told).toMatchObject({ code: 'HOLDFAST_MODEL_UNREACHABLE', retryable: true });
    expect(told.message).toBe(`no answer from ${baseUrl} (ECONNREFUSED): is the server running there?`);
  });

  test('[MO7] with a key that the server quotes: the error does not', async () => {
    const { baseUrl } = await scripted({ scripts, key: 'another' });
    const told = await failure(ask(modelAt(kind, baseUrl, {}, 'my-own-key')));
    expect(told.code).toBe('HOLDFAST_MODEL_KEY');
    expect(told.message).toContain('[key]');
    expect(JSON.stringify([told.message, told.details, told.remedy])).not.toContain('my-own-key');
  });

  test('[MO7] of a server of one’s own is asked for without any key', async () => {
    const { baseUrl, server } = await scripted({ scripts });
    await ask(modelAt(kind, baseUrl));
    expect(server.asked[0]!.headers).not.toHaveProperty('authorization');
  });

  test('[MO6] to a request that is longer than the context is not asked for at all', async () => {
    const { baseUrl, server } = await scripted({ scripts });
    const told = await failure(
      ask(modelAt(kind, baseUrl, { contextTokens: 1_000 }), { history: [mail(1, 'x'.repeat(9_000))] }),
    );
    expect(told.code).toBe(overflowCode);
    expect(server.asked).toHaveLength(0);
  });

  test('[MO6] to a record that is too long is cut until it fits, and asks for no tool', async () => {
    const { baseUrl, server } = await scripted({ scripts: { '*': [[{ say: 'in short' }]] } });
    const history = [mail(1, 'the task'), call(2, 'c1'), result(3, 'c1', 'y'.repeat(90_000)), mail(4, 'and more')];
    const { items } = await ask(modelAt(kind, baseUrl, { contextTokens: 3_000 }), {
      history,
      purpose: 'summary',
      overflows: 1,
    });
    expect(items).toEqual([{ say: 'in short' }]);
    const sent = JSON.stringify(server.asked[0]!.body);
    expect(sent).toMatch(/the task.*characters left out.*and more/);
    expect(sent).not.toContain('"tools"');
  });

  test('[TB5] with the assertion of a task that is not taken is told as such', async () => {
    const { baseUrl } = await scripted({ scripts, fault: () => ({ status: 403, message: 'who?' }) });
    const told = await failure(ask(modelAt(kind, baseUrl), { headers: { AgentAssertion: 'abc' } }));
    expect(told.code).toBe(taskRejectedCode);
  });

  test('[TB6] is asked for with the assertion of the task', async () => {
    const { baseUrl, server } = await scripted({ scripts });
    await ask(modelAt(kind, baseUrl), { headers: { AgentAssertion: 'abc' } });
    expect(server.asked[0]!.headers).toMatchObject({ agentassertion: 'abc' });
  });
});

describe('[MO6] a history that is too long', () => {
  test.each([
    [400, 'context_length_exceeded', 'Your input exceeds the context window of this model.'],
    [400, undefined, "This model's maximum context length is 4096 tokens. However, you requested 5000 tokens"],
    [400, 'exceed_context_size_error', 'the request exceeds the available context size, try increasing it'],
    [400, undefined, 'prompt is too long: 210000 tokens > 200000 maximum'],
    [400, undefined, 'The input token count (1200000) exceeds the maximum number of tokens allowed (1048576).'],
    [413, undefined, 'Please reduce the length of the messages or completion.'],
    [undefined, 'context_length_exceeded', 'Your input exceeds the context window of this model.'],
  ])('[MO6] is known by what servers say: %s %s %s', (status, code, message) => {
    const told = failureOf({ message, ...(status && { status }), ...(code && { code }) }, about);
    expect(told.code).toBe(overflowCode);
  });

  test('[MO4] is not what a rate limit by tokens means, nor an account without money', () => {
    const message =
      'Request too large for m on tokens per min (TPM): Limit 30000, Requested 40000. Reduce the length of the messages';
    expect(failureOf({ status: 429, message }, about)).toMatchObject({ retryable: true });
    const broke = failureOf(
      { status: 429, code: 'insufficient_quota', message: 'You exceeded your current quota' },
      about,
    );
    expect(broke).toMatchObject({ retryable: false, code: 'HOLDFAST_MODEL_REFUSED' });
  });
});

test('[MO4] what a server says in the middle of a stream counts as if it had said it at once', async () => {
  const failed = (code: string) => ({ type: 'response.failed', response: { error: { code, message: 'so it is' } } });
  const told = async (event: object, kind: 'responses' | 'chat' = 'responses') =>
    failure(ask(modelAt(kind, (await saying(event)).baseUrl)));
  expect(await told(failed('server_error'))).toMatchObject({ retryable: true });
  expect(await told(failed('rate_limit_exceeded'))).toMatchObject({ retryable: true });
  expect(await told(failed('invalid_prompt'))).toMatchObject({ retryable: false });
  expect((await told({ error: { message: 'maximum context length is 10' } }, 'chat')).code).toBe(overflowCode);
});

test('[MO4] a model that does not think is asked again without asking for its thoughts', async () => {
  const fault = ({ body }: { readonly body: Readonly<Record<string, unknown>> }) =>
    'include' in body ? { status: 400, message: 'Encrypted content is not supported with this model.' } : undefined;
  const { baseUrl } = await scripted({ scripts, fault });
  const model = modelAt('responses', baseUrl);
  expect(await failure(ask(model))).toMatchObject({ retryable: true });
  expect((await ask(model)).items).toHaveLength(2);
});
