/** What an operator has removed from the disk, on paper: said before it is done, with a reason, once (LO7). */
import { expect, test } from 'vitest';
import { fleet, of, type PaperFleet } from './given.ts';

const output = (id: number) => ({ what: 'output', id: String(id) }) as const;
const blob = { what: 'blob', id: 'b'.repeat(64) } as const;

const forget = (f: PaperFleet, payloads: Parameters<typeof toForget>[0], reason = 'asked for by its owner') =>
  f.ask(toForget(payloads, reason));
const toForget = (payloads: readonly { what: 'output' | 'blob' | 'secret'; id: string }[], reason: string) =>
  ({ do: 'forget', payloads, reason }) as const;

/** A fleet in which one process lives and one has ended. */
function lived(): PaperFleet {
  const f = fleet();
  for (const cmd of ['sleep 1', 'sleep 2']) f.call('/root', 'exec_command', { cmd });
  const exit = { code: 0, signal: null, outputBytes: 0, outputHash: 'e'.repeat(64) };
  for (const processId of [1000, 1001])
    f.ask(
      { do: 'processStarted', processId, pid: processId, group: processId, startTime: 1, bootId: 'boot-1' },
      'engine',
    );
  f.ask({ do: 'processEnded', processId: 1001, exit }, 'engine');
  return f;
}

test('[LO7] what is forgotten is a fact each, with why, and whose it was', () => {
  const f = lived();
  const then = f.ask({ do: 'forget', payloads: [output(1001), blob], agentId: f.id('/root'), reason: 'asked for' });
  expect(of(then, 'PayloadForgotten').map(({ data, by }) => [data, by])).toEqual(
    [output(1001), blob].map((payload) => [{ ...payload, agentId: f.id('/root'), reason: 'asked for' }, 'operator']),
  );
  expect(then.answer).toEqual({ forgotten: 2, before: 0 });
});

test('[LO7] what was forgotten before is not said again', () => {
  const f = lived();
  forget(f, [blob]);
  const then = forget(f, [blob, output(1001)]);
  expect(of(then, 'PayloadForgotten').map(({ data }) => data.what)).toEqual(['output']);
  expect(then.answer).toEqual({ forgotten: 1, before: 1 });
  expect(forget(f, [blob]).events).toEqual([]);
});

test('[LO7] nothing is forgotten without a reason, or of a process that has not ended, and then nothing else either', () => {
  const f = lived();
  const { position } = f;
  expect(forget(f, [blob], ' \n').refusal?.code).toBe('HOLDFAST_NO_REASON');
  const live = forget(f, [blob, output(1000)]);
  expect(live.refusal).toMatchObject({ code: 'HOLDFAST_PROCESS_LIVE', details: { processId: 1000 } });
  expect(f.position).toBe(position);
  expect(forget(f, [output(4711)]).answer).toEqual({ forgotten: 1, before: 0 });
});
