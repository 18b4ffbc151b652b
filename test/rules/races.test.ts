/** The peer's races of unified exec (cells-and-processes.md §5.4) that need a host: what is read, written, stopped and told while things move. */
import { describe, expect, test } from 'vitest';
import { exited, type Living, living, quiet, until } from './living.ts';

const results = (f: Living, callId: string) =>
  f.events.flatMap((e) => (e.type === 'ToolCallEnded' && e.data.callId === callId ? [e.data] : []));
const result = (f: Living, callId: string) => until(() => results(f, callId)[0], `the end of ${callId}`);
const ask = (f: Living, command: Parameters<Living['life']['engine']['submit']>[0]) =>
  f.life.engine.submit(command, { by: 'operator' });

/** A command whose first answer said that it runs. */
async function running(f: Living, path: string, args: object = {}): Promise<number> {
  const id = `exec-${path}`;
  await f.talk.calls(path, 'exec_command', { cmd: 'serve', ...args }, id);
  const host = await until(() => f.host);
  await until(() => f.types().includes('ProcessStarted'));
  await quiet();
  host.yields();
  return Number((await result(f, id)).output.fields?.session_id);
}

describe('reading', () => {
  test('[PR2][P-4] a poll in the middle of a detach loses nothing: it answers with what came, and nothing comes twice', async () => {
    const f = await living();
    const id = await running(f, '/root');
    await f.talk.calls('/root', 'write_stdin', { session_id: id }, 'poll');
    await quiet();
    f.host!.output.set(id, 'before');
    await ask(f, { do: 'detach', target: '/root' });
    f.host!.yields();
    expect((await result(f, 'poll')).output.text).toMatch(/Output:\nbefore$/);
    await ask(f, { do: 'reattach', target: '/root' });
    f.host!.output.set(id, 'before and after');
    await f.talk.calls('/root', 'write_stdin', { session_id: id }, 'again');
    await quiet();
    f.host!.yields();
    expect((await result(f, 'again')).output.text).toMatch(/Output:\n and after$/);
  });

  test('[PR2][P-5][P-15] two agents read the same process: each sees all of it, from the first byte', async () => {
    const f = await living({ activeTurns: 2 });
    const id = await running(f, '/root');
    f.host!.output.set(id, 'all of it');
    await f.spawn('/root', 'a');
    await f.talk.calls('/root', 'write_stdin', { session_id: id }, 'mine');
    await f.talk.calls('/root/a', 'write_stdin', { session_id: id }, 'theirs');
    await quiet();
    f.host!.ends(id, exited(0, 'all of it'));
    for (const call of ['mine', 'theirs']) {
      const { output, ended } = await result(f, call);
      expect(output).toMatchObject({ text: expect.stringMatching(/Output:\nall of it$/), fields: { exit_code: 0 } });
      expect(ended).toBe(id);
    }
    expect(f.types().filter((type) => type === 'ProcessExited')).toHaveLength(1);
  });

  test('[PR2][P-16][P-17] what does not fit is counted in the answer, and the next answer begins behind it', async () => {
    const f = await living({ outputBytes: 10 });
    const id = await running(f, '/root');
    f.host!.output.set(id, `${'a'.repeat(50)}${'b'.repeat(50)}`);
    await f.talk.calls('/root', 'write_stdin', { session_id: id }, 'first');
    await quiet();
    f.host!.yields();
    expect((await result(f, 'first')).output.text).toContain('aaaaa\n... 90 bytes omitted ...\nbbbbb');
    f.host!.output.set(id, `${'a'.repeat(50)}${'b'.repeat(50)}c`);
    await f.talk.calls('/root', 'write_stdin', { session_id: id }, 'second');
    await quiet();
    f.host!.yields();
    expect((await result(f, 'second')).output.text).toMatch(/Output:\nc$/);
  });
});

describe('ends', () => {
  test('[PR6][P-2] of a reattached process are heard, told and acknowledged as of any other', async () => {
    const f = await living({ activeTurns: 2 });
    await f.spawn('/root', 'a');
    const id = await running(f, '/root/a', { notifyOnExit: true });
    await f.talk.says('/root/a', { say: 'it serves' });
    await ask(f, { do: 'evict', target: '/root/a' });
    await ask(f, { do: 'send', target: '/root/a', text: 'go on', followup: true });
    expect(f.life.state.processes.all[id]!.place).toBe('attached');
    f.host!.ends(id, exited(3));
    await until(() => f.types().includes('ProcessExited'));
    await quiet();
    expect(f.events.filter((e) => e.type === 'MailAccepted' && e.data.ofProcess === id)).toHaveLength(1);
    expect(f.events.find((e) => e.type === 'ProcessExited')!.data).toMatchObject({ code: 3, place: 'attached' });
  });

  test('[PR6][P-3] that come while nobody runs are found by the next life, detached, and told to their agent', async () => {
    const f = await living();
    const id = await running(f, '/root', { notifyOnExit: true });
    await f.talk.says('/root', { say: 'it serves' });
    await f.life.stop('asked to');
    f.host!.ends(id, exited(4));
    await f.begin();
    await f.life.whenIdle();
    expect(f.events.find((e) => e.type === 'ProcessExited')!.data).toMatchObject({ code: 4, place: 'detached' });
    expect(f.events.filter((e) => e.type === 'MailAccepted' && e.data.ofProcess === id)).toHaveLength(1);
  });

  test('[PR6][P-12][P-14] a stop during the first wait: the end is recorded before the answer, which has output and code', async () => {
    const f = await living();
    await f.talk.calls('/root', 'exec_command', { cmd: 'make' }, 'x');
    await until(() => f.types().includes('ProcessStarted'));
    f.host!.output.set(1000, 'half');
    await ask(f, { do: 'stopProcess', processId: 1000 });
    f.host!.ends(1000, { ...exited(0, 'half'), code: null, signal: 'SIGTERM' });
    expect((await result(f, 'x')).output).toMatchObject({
      text: expect.stringMatching(/exited with code 143[\s\S]*Output:\nhalf$/),
    });
    const types = f.types();
    expect(types.indexOf('ProcessTerminated')).toBeLessThan(types.lastIndexOf('ToolCallEnded'));
  });

  test('[PR4][P-19] an interrupt for a process that has ended is answered with its end, not with an error', async () => {
    const f = await living();
    const id = await running(f, '/root');
    f.host!.ends(id, exited(0));
    await until(() => f.types().includes('ProcessExited'));
    await f.talk.calls('/root', 'write_stdin', { session_id: id, chars: '\u0003' }, 'c');
    expect(await result(f, 'c')).toMatchObject({ outcome: 'ok', output: { fields: { exit_code: 0 } } });
    expect(f.host!.writes).toEqual([]);
  });
});

describe('stops', () => {
  test('[PR3][P-20][P-21] of a start in progress reach the host after it, also when the engine stops in between', async () => {
    const f = await living();
    await f.talk.calls('/root', 'exec_command', { cmd: 'serve' }, 'x');
    const host = await until(() => f.host);
    await until(() => host.starts.length === 1);
    host.answers = false;
    ask(f, { do: 'stopProcess', processId: 1000 }).catch(() => {});
    await until(() => host.stops.length === 1);
    f.life.hands.stop();
    host.answers = true;
    await f.crash();
    await until(() => f.types().includes('ProcessTerminated'));
    expect(host.stops).toEqual([1000, 1000]);
    expect(f.life.state.processes.live).toEqual({});
  });

  test('[PR5][P-22] nothing ends by itself because it was detached: there is no timer that an earlier detach could have left', async () => {
    const f = await living();
    const id = await running(f, '/root');
    await ask(f, { do: 'detach', target: '/root' });
    await ask(f, { do: 'reattach', target: '/root' });
    await ask(f, { do: 'detach', target: '/root' });
    await f.clock.pass(24 * 3_600_000);
    expect(f.host!.stops).toEqual([]);
    expect(f.life.state.processes.all[id]).toMatchObject({ place: 'detached' });
  });

  test('[PR11][P-23] a write whose answer was lost with the engine is sent again under its id, and applied once', async () => {
    const f = await living();
    const id = await running(f, '/root', { tty: true });
    f.host!.answers = false;
    await f.talk.calls('/root', 'write_stdin', { session_id: id, chars: 'y\n' }, 'w');
    await until(() => f.host!.writes.length === 1);
    f.host!.answers = true;
    await f.crash();
    f.host!.yields();
    await until(() => f.types().includes('ProcessWritten'));
    expect(f.host!.writes).toHaveLength(1);
  });
});
