import { describe, expect, test } from 'vitest';
import type { Scripts } from '../../events/fleetFile.ts';
import type { HistoryItem } from '../../projections/history.ts';
import type { Sampling } from '../../src/models/port.ts';
import { type After, scriptModel } from '../../src/models/script.ts';
import { sampling } from './at.ts';

/** A clock whose time passes when the test says so. */
function handClock() {
  const due = new Map<number, { readonly at: number; readonly run: () => void }>();
  let [now, ids] = [0, 0];
  const after: After['after'] = (ms, run) => {
    const id = ++ids;
    due.set(id, { at: now + ms, run });
    return () => due.delete(id);
  };
  const pass = (ms: number): void => {
    now += ms;
    for (const [id, { at, run }] of [...due]) if (at <= now && due.delete(id)) run();
  };
  return { after, pass, pending: () => due.size };
}

const never = new AbortController().signal;
const still: After = { after: () => expect.unreachable('nothing here waits') };

const request = (more: Partial<Sampling> = {}): Sampling => sampling({ path: '/root', ...more });
const result = (callId: string, fields?: Record<string, unknown>): HistoryItem => ({
  kind: 'result',
  position: 1,
  callId,
  outcome: 'ok',
  text: '',
  ...(fields !== undefined && { fields }),
});
const answer = (scripts: Scripts, more: Partial<Sampling> = {}) =>
  scriptModel(scripts, still).sample(request(more), never);
const says = (text: string) => ({ items: [{ say: text }] });
const say = (text: string): Scripts[string] => [[{ say: text }]];

test('[TU8] a script answers sampling n with its n-th list, whenever it is asked', async () => {
  const scripts: Scripts = { '/root': [[{ say: 'one' }], [{ say: 'two' }], [{ exec: 'text(3)', id: 'x' }]] };
  expect(await answer(scripts, { n: 2 })).toEqual(says('two'));
  expect(await answer(scripts, { n: 1 })).toEqual(says('one'));
  expect(await answer(scripts, { n: 3 })).toEqual({ items: [{ exec: 'text(3)', id: 'x' }] });
});

test('[TU8] a script that has run out, and an agent without a script, answer with an empty final message', async () => {
  expect(await answer({ '/root': say('one') }, { n: 2 })).toEqual(says(''));
  expect(await answer({ '/root': say('one') }, { path: '/root/child' })).toEqual(says(''));
});

describe('an agent follows the closest script', () => {
  const scripts: Scripts = {
    'b:/root/work': say('exact for b'),
    '/root/work': say('exact'),
    '/root/work*': say('long prefix'),
    'b:/root/*': say('short prefix for b'),
    '/root/*': say('short prefix'),
    '*': say('everybody'),
  };
  test.each([
    ['b', '/root/work', 'exact for b'],
    ['a', '/root/work', 'exact'],
    ['a', '/root/worker', 'long prefix'],
    ['b', '/root/worker', 'long prefix'],
    ['b', '/root/other', 'short prefix for b'],
    ['a', '/root/other', 'short prefix'],
    ['a', '/root', 'everybody'],
  ])('%s:%s hears "%s"', async (rootName, path, text) => {
    expect(await answer(scripts, { rootName, path })).toEqual(says(text));
  });
});

test('[TU3] a list that fails is a failure of the model with its text', async () => {
  await expect(answer({ '/root': [{ fail: 'overloaded' }] })).rejects.toMatchObject({
    code: 'HOLDFAST_MODEL_FAILED',
    message: 'overloaded',
    retryable: true,
  });
});

test('a list that hangs waits until it is aborted', async () => {
  const abort = new AbortController();
  const sampled = scriptModel({ '/root': [{ hang: true }] }, still).sample(request(), abort.signal);
  abort.abort(new Error('interrupted'));
  await expect(sampled).rejects.toThrow('interrupted');
});

test('a sampling that is aborted before it began does not begin', async () => {
  const aborted = AbortSignal.abort(new Error('too late'));
  await expect(scriptModel({ '/root': say('one') }, still).sample(request(), aborted)).rejects.toThrow('too late');
});

test('the delays of one list add up before it is delivered', async () => {
  const clock = handClock();
  const slow: Scripts = { '/root': [[{ say: 'a', delayMs: 30 }, { say: 'b' }, { say: 'c', delayMs: 20 }]] };
  let done = false;
  const sampled = scriptModel(slow, clock)
    .sample(request(), never)
    .finally(() => {
      done = true;
    });
  clock.pass(49);
  await Promise.resolve();
  expect([done, clock.pending()]).toEqual([false, 1]);
  clock.pass(1);
  expect((await sampled).items).toEqual([{ say: 'a' }, { say: 'b' }, { say: 'c' }]);
});

test('an abort during a delay cancels the timer', async () => {
  const clock = handClock();
  const abort = new AbortController();
  const sampled = scriptModel({ '/root': [[{ say: 'a', delayMs: 30 }]] }, clock).sample(request(), abort.signal);
  abort.abort(new Error('interrupted'));
  await expect(sampled).rejects.toThrow('interrupted');
  expect(clock.pending()).toBe(0);
});

describe('$from', () => {
  const call = (args: Record<string, unknown>): Scripts => ({ '/root': [[{ call: 'write_stdin', id: 'c1', args }]] });
  const asked = async (args: Record<string, unknown>, history: HistoryItem[]) =>
    (await answer(call(args), { history })).items[0] as { args: unknown; invalid?: string };

  test('takes a field of an earlier result, wherever it stands in the arguments', async () => {
    const args = { session_id: { $from: 'b1.session_id' }, more: [{ deep: { $from: 'b1.process.pid' } }], chars: '' };
    const item = await asked(args, [result('b1', { session_id: 1000, process: { pid: 7 } })]);
    expect(item).toEqual({ call: 'write_stdin', id: 'c1', args: { session_id: 1000, more: [{ deep: 7 }], chars: '' } });
  });

  test('takes the newest of two results under one id, and ids may contain dots', async () => {
    const history = [result('b.1', { n: 1 }), result('b.1', { n: 2 })];
    expect((await asked({ n: { $from: 'b.1.n' } }, history)).args).toEqual({ n: 2 });
  });

  test('that finds nothing makes the call invalid and leaves its arguments', async () => {
    const args = { session_id: { $from: 'b1.session_id' } };
    expect(await asked(args, [])).toMatchObject({
      args,
      invalid: '$from "b1.session_id": there is no result of call b1',
    });
    const other = await asked(args, [result('b1', { exit_code: 0 })]);
    expect(other.invalid).toBe('$from "b1.session_id": the result of b1 has no field session_id; it has exit_code');
    expect((await asked(args, [result('b1')])).invalid).toMatch(/it has none$/);
    expect((await asked({ x: { $from: 'b1.toString' } }, [result('b1', {})])).invalid).toBeDefined();
  });
});

test('what is done to the arguments of a call does not change the script', async () => {
  const scripts: Scripts = { '/root': [[{ call: 'exec_command', id: 'c1', args: { env: { A: '1' } } }]] };
  const model = scriptModel(scripts, still);
  const first = (await model.sample(request(), never)).items[0] as unknown as { args: { env: Record<string, string> } };
  first.args.env.A = 'changed';
  expect((await model.sample(request(), never)).items[0]).toMatchObject({ args: { env: { A: '1' } } });
});
