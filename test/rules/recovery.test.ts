/** Commands and crashes: TU6's order of settling, PR3's order of facts, and PR9's times, with a process host on paper. */
import { describe, expect, test } from 'vitest';
import { execYieldMs, writeYieldMs } from '../../src/decide/tools/processes.ts';
import type { Log } from '../../src/log/port.ts';
import { fleet, types } from './given.ts';
import { exited, type Living, living, PaperHost, quiet, until } from './living.ts';

const exec = (f: Living, args: object = {}) => f.talk.calls('/root', 'exec_command', { cmd: 'make', ...args });

/** The recorded end of the only call of a tool. */
const ended = (f: Living, tool = 'exec_command') => {
  const started = f.events.find((e) => e.type === 'ToolCallStarted' && e.data.tool === tool)!;
  const ends = f.events.flatMap((e) =>
    e.type === 'ToolCallEnded' && 'callId' in started.data && e.data.callId === started.data.callId ? [e.data] : [],
  );
  if (ends.length > 1) throw new Error('a call has two ends');
  return ends[0];
};
const end = (f: Living, tool?: string) => until(() => ended(f, tool), 'the end of the call');

/** A terminal runs and a write to it is under way. */
async function writing(hostAnswers: boolean): Promise<Living> {
  const f = await living();
  await exec(f, { tty: true });
  const host = await until(() => f.host);
  await until(() => host.starts.length === 1);
  await quiet();
  await f.life.engine.submit({
    do: 'endCall',
    turnId: turnOf(f),
    callId: 'exec_command',
    outcome: 'ok',
    output: { text: '' },
  });
  host.answers = hostAnswers;
  await f.talk.calls('/root', 'write_stdin', { session_id: 1000, chars: 'y\n' });
  await until(() => host.writes.length === 1);
  return f;
}

const turnOf = (f: Living): string => f.life.state.agents[f.id('/root')]!.turnId!;

describe('after a crash, an open call', () => {
  test('[TU6] (1) of an engine tool had no effect: it is decided again, once', async () => {
    const f = await living();
    await f.spawn('/root', 'a');
    await f.crashAfter('ModelSampled');
    await until(() => f.runs('/root/a'));
    expect(f.types().filter((t) => t === 'AgentSpawned')).toHaveLength(2);
    expect(await end(f, 'spawn_agent')).toMatchObject({ outcome: 'ok' });
  });

  test('[TU6] (2) whose process has ended in the log gets that end, with the output on disk; no host is asked', async () => {
    const f = await living();
    f.life.hands.stop();
    await f.crash();
    await exec(f);
    const host = await until(() => f.host);
    await until(() => host.starts.length === 1);
    await quiet();
    f.life.hands.stop();
    await f.life.engine.submit({ do: 'processEnded', processId: 1000, exit: exited(3, 'broken\n') });
    f.host = undefined;
    f.spool.set(1000, 'broken\n');
    await f.crash();
    const text = expect.stringMatching(/Output:\nbroken\n$/);
    expect(await end(f)).toMatchObject({ outcome: 'ok', output: { text, fields: { exit_code: 3 } } });
    expect(f.host).toBeUndefined();
  });

  test('[TU6] (3) whose end the host knows gets that end', async () => {
    const f = await living();
    await exec(f);
    const host = await until(() => f.host);
    await until(() => host.starts.length === 1);
    f.life.hands.stop();
    host.output.set(1000, 'all green\n');
    host.exits.set(1000, exited(0, 'all green\n'));
    await f.crash();
    const text = expect.stringMatching(/Output:\nall green\n$/);
    expect(await end(f)).toMatchObject({ outcome: 'ok', output: { text, fields: { exit_code: 0 } } });
    expect(host.starts).toHaveLength(1);
  });

  test('[TU6][PR3] (4) that the living host never saw is sent now', async () => {
    const f = await living();
    await exec(f);
    await until(() => f.types().includes('ProcessStarted'));
    // The request is durable, and the engine died before it reached the host.
    const host = new PaperHost(f.host!.hostId);
    f.host = host;
    await f.crashAfter('ProcessRequested');
    await until(() => host.starts.length === 1);
    host.ends(1000, exited(0));
    expect(await end(f)).toMatchObject({ outcome: 'ok', output: { fields: { exit_code: 0 } } });
  });

  test('[TU6][PR3] (5) whose host is gone, with nothing that tells how it ended, is indeterminate and not run again', async () => {
    const f = await living();
    await exec(f);
    const host = await until(() => f.host);
    await until(() => host.starts.length === 1);
    f.life.hands.stop();
    f.host = undefined;
    await f.crash();
    const { outcome, output } = await end(f);
    expect(outcome).toBe('indeterminate');
    expect(output.text).toMatch(/lost.*not known how far it got/s);
    expect(host.starts).toHaveLength(1);
    expect(f.events.find((e) => e.type === 'ProcessLost')!.data).toMatchObject({ processId: 1000, wasAlive: false });
  });

  test('[TU6] (2) of write_stdin is sent again under the same request id, which the living host applies once', async () => {
    const f = await writing(false);
    const { host } = f;
    const turnId = turnOf(f);
    f.life.hands.stop();
    host!.answers = true;
    await f.crash();
    host!.ends(1000, exited(0));
    expect(await end(f, 'write_stdin')).toMatchObject({ outcome: 'ok' });
    expect(host!.writes).toEqual([`${turnId}/write_stdin y\n`]);
  });

  test('[TU6] (2) of write_stdin whose host is gone is indeterminate', async () => {
    const f = await writing(false);
    f.life.hands.stop();
    f.host = undefined;
    await f.crash();
    expect(await end(f, 'write_stdin')).toMatchObject({ outcome: 'indeterminate' });
  });

  test('[TU6] results that are in the log are not fetched again', async () => {
    const f = await living();
    await exec(f);
    const host = await until(() => f.host);
    await until(() => host.starts.length === 1);
    host.ends(1000, exited(0));
    await end(f);
    await until(() => f.talk.asked.has('/root'));
    await f.crash();
    await until(() => f.talk.asked.has('/root'));
    expect(host.starts).toHaveLength(1);
    expect(f.talk.samplings).toEqual(['/root 2']);
    expect((await f.talk.says('/root', { say: 'done' })).history.map((i) => i.kind)).toEqual([
      'mail',
      'call',
      'result',
    ]);
  });

  test('[TU8] a sampling that the crash cut off is asked again with the same number and the same history', async () => {
    const f = await living();
    await f.talk.calls('/root', 'list_agents', {});
    const before = (await until(() => f.talk.asked.get('/root'))).request;
    await f.crash();
    const after = (await until(() => f.talk.asked.get('/root'))).request;
    expect(after).toEqual(before);
  });
});

describe('the facts of a process', () => {
  test('[PR3] the request is durable before the host is asked, the start after its answer', async () => {
    const f = await living();
    f.host = new PaperHost('host-1');
    await f.crash();
    f.host.answers = false;
    await exec(f);
    const { host } = f;
    await until(() => host!.starts.length === 1);
    expect(f.types().filter((t) => t.startsWith('Process'))).toEqual(['ProcessRequested']);
    expect(host!.starts[0]).toMatchObject({
      ...{ requestId: `${turnOf(f)}/exec_command`, processId: 1000, tty: false, cwd: '/work' },
      argv: ['/bin/bash', '-lc', 'make'],
    });
  });

  test('[PR1] what is being started when the engine stops is left to its host: the next life hears of it', async () => {
    const f = await living();
    f.host = new PaperHost('host-1');
    await f.crash();
    const { host } = f;
    host.answers = false;
    await exec(f);
    await until(() => host.starts.length === 1);
    await f.life.stop('asked to');
    await quiet();
    expect(f.orphansEnded).toEqual([]);
    expect(f.types().at(-1)).toBe('EngineStopped');
    host.answers = true;
    await f.begin();
    await until(() => f.types().includes('ProcessStarted'));
    expect(f.types()).not.toContain('ProcessLost');
    expect(host.starts).toHaveLength(1);
  });

  test('[LO5] a disk that fails during a stop is told, and the log and the host are let go of', async () => {
    let full = false;
    let closed = 0;
    const beforeSync = () => {
      if (full) throw new Error('ENOSPC: no space left on device');
    };
    const log = (real: Log): Log => {
      const close = real.close.bind(real);
      real.close = () => {
        closed += 1;
        return close();
      };
      return real;
    };
    const f = await living({}, { gate: { beforeSync }, log });
    full = true;
    await expect(f.life.stop('asked to')).rejects.toMatchObject({ code: 'HOLDFAST_LOG_WRITE_FAILED' });
    expect(closed).toBe(1);
    await expect(f.begin(undefined, { gate: { beforeSync }, log })).rejects.toMatchObject({
      code: 'HOLDFAST_LOG_WRITE_FAILED',
    });
    expect(closed).toBe(2);
  });

  test('[PR3][PR6] a launch that fails is recorded as that, once, and the call says it', async () => {
    const f = await living();
    f.host = new PaperHost('host-1');
    f.host.connect = () => ({
      ...PaperHost.prototype.connect.call(f.host!),
      start: async ({ processId, requestId }) => ({ processId, requestId, error: 'no such folder' }),
    });
    await f.crash();
    await exec(f);
    expect(await end(f)).toMatchObject({ outcome: 'error' });
    expect(ended(f)!.output.text).toContain('no such folder');
    expect(f.types().filter((t) => t.startsWith('Process'))).toEqual(['ProcessRequested', 'ProcessLaunchFailed']);
  });

  test('[PR3] a stop is durable before the signal, and the end after it is that of a stop', async () => {
    const f = await living();
    await exec(f);
    const host = await until(() => f.host);
    await until(() => f.types().includes('ProcessStarted'));
    host.answers = false;
    await f.life.engine.submit({ do: 'close', target: '/root' });
    await until(() => host.stops.length === 1);
    expect(f.types().filter((t) => t.startsWith('Process'))).toEqual([
      ...['ProcessRequested', 'ProcessStarted', 'ProcessStopRequested'],
    ]);
    f.life.hands.stop();
    host.answers = true;
    await f.crash();
    await until(() => f.types().includes('ProcessTerminated'));
    expect(host.stops).toEqual([1000, 1000]);
  });

  test('[PR3][PR6] late and repeated reports of starts and ends change nothing', () => {
    const f = fleet();
    f.call('/root', 'exec_command', { cmd: 'make' });
    const start = { do: 'processStarted', processId: 1000, pid: 1, group: 1, startTime: 1, bootId: 'b' } as const;
    const stop = { do: 'processEnded', processId: 1000, exit: exited(0) } as const;
    const reports = [start, start, stop, stop, start, { do: 'launchFailed', processId: 1000, error: 'x' } as const];
    expect(reports.map((report) => types(f.ask(report, 'engine'))).filter((t) => t.length > 0)).toEqual([
      ['ProcessStarted'],
      ['ProcessExited'],
    ]);
  });

  test('[PR4] ids count up from 1000 and one that has ended answers with its end', () => {
    const f = fleet();
    f.calls('/root', ['exec_command', { cmd: 'one' }], ['exec_command', { cmd: 'two' }]);
    f.ask({ do: 'processEnded', processId: 1000, exit: exited(0) }, 'engine');
    f.ask({ do: 'processEnded', processId: 1001, exit: exited(0) }, 'engine');
    expect(Object.keys(f.state.processes.all)).toEqual(['1000', '1001']);
    expect(f.state.fleet.nextProcessId).toBe(1002);
  });

  test('[PR4][PA3] an id of another tree, or one that never was, is unknown', () => {
    const f = fleet({
      roots: [
        { name: 'x', prompt: '1' },
        { name: 'y', prompt: '2' },
      ],
    });
    f.call('x:/root', 'exec_command', { cmd: 'make' });
    expect(f.call('y:/root', 'write_stdin', { session_id: 1000 }).text).toBe(
      'write_stdin failed: Unknown process id 1000',
    );
    expect(f.call('y:/root', 'stop_process', { session_id: 99 }).text).toBe(
      'stop_process failed: Unknown process id 99',
    );
  });
});

describe('times and texts of commands', () => {
  test.each([
    [undefined, 10_000],
    [0, 250],
    [1000, 1000],
    [999_999, 30_000],
  ])('[PR9] exec_command with yield_time_ms %j answers after %d ms at most', (asked, ms) => {
    expect(execYieldMs({ cmd: 'x', ...(asked !== undefined && { yield_time_ms: asked }) })).toBe(ms);
  });

  test.each([
    ['y', undefined, 250],
    ['y', 0, 250],
    ['y', 999_999, 30_000],
    ['', undefined, 5_000],
    ['', 250, 5_000],
    ['', 999_999, 300_000],
  ])('[PR9] write_stdin of %j with yield_time_ms %j answers after %d ms at most', (chars, asked, ms) => {
    expect(writeYieldMs({ session_id: 1, chars, ...(asked !== undefined && { yield_time_ms: asked }) })).toBe(ms);
  });

  test('[PR9] the stdin of a pipe is closed, in the exact words; that of a terminal is open', () => {
    const f = fleet();
    f.calls('/root', ['exec_command', { cmd: 'cat' }], ['exec_command', { cmd: 'cat', tty: true }]);
    for (const id of Object.keys(f.turn('/root').calls))
      f.ask(
        { do: 'endCall', turnId: f.turn('/root').turnId, callId: id, outcome: 'ok', output: { text: '' } },
        'engine',
      );
    const [pipe, tty] = f.calls(
      '/root',
      ['write_stdin', { session_id: 1000, chars: 'x' }],
      ['write_stdin', { session_id: 1001, chars: 'x' }],
    );
    expect([pipe!.outcome, pipe!.text]).toEqual([
      'error',
      'write_stdin failed: stdin is closed for this session; rerun exec_command with tty=true to keep stdin open',
    ]);
    expect(tty!.outcome).toBeUndefined();
  });

  test('[PR9] a command runs in the shell it names, as a login shell unless told otherwise, in its folder', () => {
    const f = fleet();
    const asked = (args: object) => {
      f.call('/root', 'exec_command', { cmd: 'make', ...args });
      const { command, cwd, tty } = f.of('ProcessRequested').at(-1)!.data;
      f.interrupt('/root');
      f.followup('/root');
      return [...command, cwd, tty];
    };
    expect(asked({})).toEqual(['/bin/bash', '-lc', 'make', '/work', false]);
    expect(asked({ login: false, shell: '/bin/sh', tty: true })).toEqual(['/bin/sh', '-c', 'make', '/work', true]);
    expect(asked({ workdir: '' })).toContain('/work');
    expect(asked({ workdir: 'sub' })).toContain('/work/sub');
    expect(asked({ workdir: '/srv' })).toContain('/srv');
  });

  test.each([
    [{ cmd: ' ' }, 'missing command line for unified exec request'],
    [{}, 'failed to parse function arguments: missing field `cmd`'],
    [{ cmd: 'x', no_such: 1 }, 'failed to parse function arguments: unknown field `no_such`'],
  ])('[PR9] exec_command %j is refused in the exact words', (args, words) => {
    const f = fleet();
    expect(f.call('/root', 'exec_command', args)).toMatchObject({ outcome: 'error', text: words });
    expect(f.of('ProcessRequested')).toEqual([]);
  });

  test('[PR9] every argument that the peer has is accepted', () => {
    const args = {
      ...{ cmd: 'x', workdir: '.', tty: false, yield_time_ms: 1, max_output_tokens: 9, shell: '/bin/sh', login: true },
      ...{ environment_id: 'e', sandbox_permissions: 'require_escalated', justification: 'j', prefix_rule: ['x'] },
    };
    expect(fleet().call('/root', 'exec_command', args).outcome).toBeUndefined();
  });

  test('[PR9] a command that goes on is answered at its yield time, with a session to go on with', async () => {
    const f = await living();
    await exec(f, { yield_time_ms: 1000 });
    const host = await until(() => f.host);
    await until(() => host.waits.length === 1);
    host.output.set(1000, 'step 1\n');
    await quiet();
    expect([ended(f), host.waits]).toEqual([undefined, [1000]]);
    host.yields();
    const { output, outcome } = await end(f);
    expect(outcome).toBe('ok');
    expect(output.fields).toMatchObject({ session_id: 1000 });
    expect(output.text).toMatch(
      /^Chunk ID: [0-9a-f]{6}\nWall time: 0\.0000 seconds\nProcess running with session ID 1000\nOriginal token count: 2\nOutput:\nstep 1\n$/,
    );
  });

  test('[PR9][PR1] a command that has ended is answered with its code, and its end is in the log before', async () => {
    const f = await living();
    await exec(f);
    const host = await until(() => f.host);
    await until(() => host.waits.length === 1);
    host.output.set(1000, 'second task\n');
    host.ends(1000, exited(3, 'second task\n'));
    const { output } = await end(f);
    expect(output.text).toMatch(/\nProcess exited with code 3\nOriginal token count: 3\nOutput:\nsecond task\n$/);
    const order = f.types();
    expect(order.indexOf('ProcessExited')).toBeLessThan(order.indexOf('ToolCallEnded'));
  });

  test('[PR9] a signal is told as 128 plus its number', async () => {
    const f = await living();
    await exec(f);
    const host = await until(() => f.host);
    await until(() => host.waits.length === 1);
    host.ends(1000, { ...exited(0), code: null, signal: 'SIGKILL' });
    expect((await end(f)).output.text).toContain('Process exited with code 137');
  });
});
