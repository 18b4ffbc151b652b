/** Who holds which process: detaching and reattaching as facts, limits, policies and ends, and the peer's races P-1 … P-26. */
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Process } from '../../projections/state.ts';
import { fleet, of, type PaperFleet, type Then, types } from './given.ts';

const started = { group: 100, startTime: 7, bootId: 'boot-1' };
const exit = { code: 0, signal: null, outputBytes: 12, outputHash: 'h'.repeat(64) };

/** A command runs and its call has been answered. */
function running(f: PaperFleet, path: string, args: object = {}): number {
  const { id } = f.call(path, 'exec_command', { cmd: 'serve', ...args });
  const { turnId } = f.turn(path);
  const { processId } = f.of('ProcessRequested').at(-1)!.data;
  f.ask({ do: 'processStarted', processId, pid: processId, ...started }, 'engine');
  const output = { text: 'running', fields: { session_id: processId } };
  f.ask({ do: 'endCall', turnId, callId: id, outcome: 'ok', output, read: { processId, to: 7 } }, 'engine');
  return processId;
}

const ends = (f: PaperFleet, processId: number): Then => f.ask({ do: 'processEnded', processId, exit }, 'engine');
const detach = (f: PaperFleet, target: string) => f.ask({ do: 'detach', target });
const reattach = (f: PaperFleet, target: string, only?: number[]) =>
  f.ask({ do: 'reattach', target, ...(only !== undefined && { only }) });
const clean = (f: PaperFleet, target?: string) => f.ask({ do: 'clean', ...(target !== undefined && { target }) });
const place = (f: PaperFleet, id: number): Process['place'] => f.state.processes.all[id]!.place;
const ids = (then: Then, type: 'ProcessDetached' | 'ProcessReattached' | 'ProcessStopRequested'): number[] =>
  then.events.flatMap((e) => (e.type === type ? (e.data as { processId: number }).processId : []));

/** An idle agent with two processes, and room for one agent. */
function idle(): PaperFleet {
  const f = fleet({ limits: { residents: 1, activeTurns: 4 } });
  f.spawn('/root', 'a');
  running(f, '/root/a');
  running(f, '/root/a', { tty: true });
  f.say('/root/a');
  return f;
}

describe('detaching', () => {
  test('[PR5] moves all processes of an agent in one batch, in the order of their ids, and touches nothing else', () => {
    const f = idle();
    const then = detach(f, '/root/a');
    expect(types(then)).toEqual(['ProcessDetached', 'ProcessDetached']);
    expect(of(then, 'ProcessDetached').map((e) => [e.data.processId, e.data.reason])).toEqual([
      [1000, 'operator'],
      [1001, 'operator'],
    ]);
    expect(then.answer).toEqual({ path: '/root/a', detached: [1000, 1001] });
    expect(detach(f, '/root/a')).toMatchObject({ events: [], answer: { detached: [] } });
  });

  test('[PR5] of an agent that nobody knows is an empty summary, and so are reattaching and cleaning', () => {
    const f = idle();
    const path = '/root/nobody';
    expect(detach(f, path)).toMatchObject({ events: [], answer: { path, detached: [] } });
    expect(reattach(f, path)).toMatchObject({ events: [], answer: { path, reattached: [], skipped: [] } });
    expect(clean(f, path)).toMatchObject({ events: [], answer: { path, cleaned: [] } });
  });

  test('[PR5] an ambiguous path is refused, not taken for nobody', () => {
    const f = fleet({
      roots: [
        { name: 'x', prompt: 'go' },
        { name: 'y', prompt: 'go' },
      ],
    });
    expect(detach(f, '/root').refusal?.code).toBe('HOLDFAST_AMBIGUOUS_PATH');
  });

  test('[RE3][PR5] an eviction detaches in its own batch, a reload reattaches in its own, under the same ids', () => {
    const f = idle();
    f.spawn('/root', 'b');
    f.say('/root/b');
    const evicted = f.spawn('/root', 'c');
    expect(types(evicted)).toContain('AgentEvicted');
    expect(of(evicted, 'ProcessDetached').map((e) => [e.data.processId, e.data.reason])).toEqual([
      [1000, 'evicted'],
      [1001, 'evicted'],
    ]);
    const back = f.followup('/root/a');
    expect(types(back)).toContain('AgentLoaded');
    expect(ids(back, 'ProcessReattached')).toEqual([1000, 1001]);
    expect(f.of('ProcessStopRequested')).toEqual([]);
  });

  test('[PR5] what an operator took away does not come back by itself, only by an operator', () => {
    const f = idle();
    detach(f, '/root/a');
    f.ask({ do: 'evict', target: '/root/a' });
    expect(ids(f.followup('/root/a'), 'ProcessReattached')).toEqual([]);
    const written = f.call('/root/a', 'write_stdin', { session_id: 1001, chars: 'y' });
    expect(written).toMatchObject({ outcome: 'error', text: expect.stringContaining('the operator has detached') });
    expect(f.call('/root/a', 'write_stdin', { session_id: 1001 }).outcome).toBeUndefined();
    expect(reattach(f, '/root/a').answer).toMatchObject({ reattached: [1000, 1001] });
  });

  test('[PR5][RE7] reattaching to an agent that is not in memory loads it: somebody has to hold what comes back', () => {
    const f = idle();
    f.ask({ do: 'evict', target: '/root/a' });
    const then = reattach(f, '/root/a');
    expect(types(then)).toEqual(['AgentLoaded', 'ProcessReattached', 'ProcessReattached']);
    expect(f.resident('/root/a')).toBe(true);
  });

  test('[PR5][P-6] a process that is held is skipped and reported; ended and unknown ones are named as such', () => {
    const f = idle();
    const held = running(f, '/root');
    ends(f, 1000);
    detach(f, '/root/a');
    const then = reattach(f, '/root/a', [held, 1001, 1000, 77]);
    expect(then.answer).toEqual({
      path: '/root/a',
      reattached: [1001],
      skipped: [
        { processId: 77, why: 'unknown' },
        { processId: 1000, why: 'ended' },
        { processId: held, why: 'held', holder: '/root' },
      ],
    });
    expect(of(then, 'ReattachSkipped').map((e) => e.data)).toEqual([
      { processId: held, agentId: f.id('/root/a'), holder: f.id('/root') },
    ]);
    expect([place(f, 1001), place(f, held)]).toEqual(['attached', 'attached']);
  });

  test('[PR5][PR8] a dead engine holds nothing: the next start detaches all, and whoever it loads takes its own again', () => {
    const f = idle();
    running(f, '/root');
    const then = f.crash();
    expect(of(then, 'ProcessDetached').map((e) => [e.data.processId, e.data.reason])).toEqual(
      [1000, 1001, 1002].map((id) => [id, 'recovered']),
    );
    expect(ids(then, 'ProcessReattached')).toEqual([1002]);
  });

  test('[PR1][PR5] a stop in order detaches what lives, in the batch of EngineStopped, and the next start finds it so', () => {
    const f = idle();
    const then = f.ask({ do: 'stop', reason: 'asked to' }, 'engine');
    expect(types(then)).toEqual(['ProcessDetached', 'ProcessDetached', 'EngineStopped']);
    expect(ids(f.crash(), 'ProcessDetached')).toEqual([]);
    expect(ids(f.followup('/root/a'), 'ProcessReattached')).toEqual([1000, 1001]);
  });

  test('[PR5][P-6][P-7] after any sequence of moves and deaths each live process is in one place, and in no batch in none', () => {
    const moves = ['detach', 'reattach', 'evict', 'followup', 'say', 'crash', 'clean', 'exit', 'stop', 'run'] as const;
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...moves), { maxLength: 25 }), (steps) => {
        const f = idle();
        for (const step of steps) {
          if (step === 'crash') f.crash();
          else if (step === 'exit') ends(f, 1000);
          else if (step === 'clean') clean(f);
          else if (step === 'stop') f.ask({ do: 'stopProcess', processId: 1001 });
          else if (step === 'say') f.runs('/root/a') && f.say('/root/a');
          else if (step === 'run') f.runs('/root/a') && running(f, '/root/a');
          else f.ask({ do: step === 'followup' ? 'send' : step, target: '/root/a', text: 'go', followup: true });
          for (const process of Object.values(f.state.processes.all)) {
            if (process.end !== undefined) continue;
            const mine = f.resident('/root/a') && process.detached !== 'operator';
            expect(process.place).toBe(mine ? 'attached' : 'detached');
          }
        }
        const moved = f.events.filter((e) => e.type === 'ProcessDetached' || e.type === 'ProcessReattached');
        for (const id of [1000, 1001]) {
          const own = moved.filter((e) => e.data.processId === id).map((e) => e.type);
          expect(own).toEqual(own.map((_, i) => (i % 2 === 0 ? 'ProcessDetached' : 'ProcessReattached')));
        }
      }),
      { numRuns: 150 },
    );
  });
});

describe('cleaning', () => {
  test('[PR7][P-24] ends detached processes only, of one agent or of all, and each end is recorded with its reason', () => {
    const f = idle();
    running(f, '/root');
    detach(f, '/root/a');
    const then = clean(f);
    expect(of(then, 'ProcessStopRequested').map((e) => [e.data.processId, e.data.reason])).toEqual([
      [1000, 'cleaned'],
      [1001, 'cleaned'],
    ]);
    expect(clean(f)).toMatchObject({ events: [], answer: { cleaned: [1000, 1001] } });
    expect(of(ends(f, 1000), 'ProcessTerminated')[0]!.data.place).toBe('detached');
    expect(clean(f, '/root/a').answer).toEqual({ path: '/root/a', cleaned: [1001] });
  });

  test('[PR5][P-26] a detach that comes after a clean of all leaves its processes listed, and the next clean ends them', () => {
    const f = idle();
    expect(clean(f).answer).toEqual({ cleaned: [] });
    detach(f, '/root/a');
    expect(clean(f).answer).toEqual({ cleaned: [1000, 1001] });
  });

  test('[PR3][P-11] a stop of all covers starts that are still in progress', () => {
    const f = fleet();
    f.call('/root', 'exec_command', { cmd: 'serve' });
    expect(ids(f.ask({ do: 'stopProcesses' }, 'engine'), 'ProcessStopRequested')).toEqual([1000]);
    f.ask({ do: 'processStarted', processId: 1000, pid: 1000, ...started }, 'engine');
    expect(types(ends(f, 1000))).toEqual(['ProcessTerminated']);
  });

  test('[PR6][P-25] what has been stopped and has ended is listed no more', () => {
    const f = fleet();
    running(f, '/root');
    expect(f.call('/root', 'list_processes', {}).fields).toMatchObject({
      processes: [{ session_id: 1000, state: 'running', place: 'attached' }],
    });
    f.call('/root', 'stop_process', { session_id: 1000 });
    ends(f, 1000);
    expect(f.call('/root', 'list_processes', {}).fields).toEqual({ processes: [] });
    expect(f.ask({ do: 'stopProcess', processId: 1000 })).toMatchObject({ events: [], answer: { stopping: false } });
    expect(f.ask({ do: 'stopProcess', processId: 9 }).refusal?.code).toBe('HOLDFAST_PROCESS_NOT_FOUND');
  });
});

describe('an end', () => {
  const notified = (f: PaperFleet, path: string) => running(f, path, { notifyOnExit: true });

  test('[PR6][P-1] is recorded once, however often it is told', () => {
    const f = idle();
    expect(types(ends(f, 1000))).toEqual(['ProcessExited']);
    expect(ends(f, 1000).events).toEqual([]);
    expect(f.ask({ do: 'processLost', processId: 1000, reason: 'x', wasAlive: false }, 'engine').events).toEqual([]);
  });

  test('[PR6][P-3] while detached is recorded as such, and mail tells the agent that wanted to know', () => {
    const f = fleet({ limits: { activeTurns: 2 } });
    f.spawn('/root', 'a');
    notified(f, '/root/a');
    f.say('/root/a');
    f.ask({ do: 'evict', target: '/root/a' });
    const then = ends(f, 1000);
    expect(types(then)).toEqual(['ProcessExited', 'MailAccepted']);
    expect(of(then, 'ProcessExited')[0]!.data.place).toBe('detached');
    expect(of(then, 'MailAccepted')[0]!.data).toMatchObject({
      kind: 'notice',
      trigger: false,
      fromPath: 'process 1000',
      text: expect.stringContaining('ended with code 0 after 12 bytes'),
    });
    expect(f.resident('/root/a')).toBe(false);
  });

  test('[PR6] without notifyOnExit goes to the log alone, and so does that of a closed agent', () => {
    const f = fleet({ limits: { activeTurns: 3 } });
    f.spawn('/root', 'a');
    running(f, '/root/a');
    notified(f, '/root/a');
    expect(types(ends(f, 1000))).toEqual(['ProcessExited']);
    f.close('/root/a');
    expect(types(ends(f, 1001))).toEqual(['ProcessTerminated']);
  });

  test('[PR6][MA4] starts a turn of an agent that wakes for what comes back to it', () => {
    const f = fleet({ roots: [{ prompt: 'go', wake: true }] });
    notified(f, '/root');
    f.say('/root');
    expect(types(ends(f, 1000))).toEqual(['ProcessExited', 'MailAccepted', 'TurnStarted', 'MailConsumed']);
  });

  test('[MA5] a wait with a process that will notify is no wait for nothing, and its end answers it', () => {
    const f = fleet({ limits: { activeTurns: 3 } });
    f.spawn('/root', 'a');
    notified(f, '/root/a');
    const wait = f.call('/root/a', 'wait_agent', {});
    const other = f.call('/root', 'wait_agent', {});
    expect([f.result(wait.id).outcome, f.result(other.id).outcome]).toEqual([undefined, undefined]);
    ends(f, 1000);
    expect(f.result(wait.id).text).toContain('New mail from process 1000.');
    expect(f.result(other.id).outcome).toBeUndefined();
    f.interrupt('/root/a');
    expect(f.result(other.id).text).toContain('Nothing to wait for');
  });

  test('[PR6] that a call is about to tell is told by it alone; when the call does not, mail does', () => {
    const f = fleet();
    notified(f, '/root');
    const { turnId } = f.turn('/root');
    const poll = (more: object) => {
      const { id } = f.call('/root', 'write_stdin', { session_id: f.state.fleet.nextProcessId - 1 });
      const then = ends(f, f.state.fleet.nextProcessId - 1);
      expect(types(then)).toEqual(['ProcessExited']);
      return f.ask({ do: 'endCall', turnId, callId: id, outcome: 'ok', output: { text: '' }, ...more }, 'engine');
    };
    expect(of(poll({ ended: 1000 }), 'MailAccepted')).toEqual([]);
    notified(f, '/root');
    // It was composed before the end came: the process is said to run.
    expect(of(poll({}), 'MailAccepted')).toHaveLength(1);
    notified(f, '/root');
    f.call('/root', 'write_stdin', { session_id: 1002 });
    ends(f, 1002);
    expect(of(f.interrupt('/root'), 'MailAccepted')).toHaveLength(1);
  });

  test('[PR6][P-18] of a launch is told as well', () => {
    const f = fleet();
    f.call('/root', 'exec_command', { cmd: 'nothing-there', notifyOnExit: true });
    f.interrupt('/root');
    const then = f.ask({ do: 'launchFailed', processId: 1000, error: 'No such file' }, 'engine');
    expect(of(then, 'MailAccepted')[0]!.data.text).toContain('could not be started: No such file');
  });

  test('[PR4][P-9] leaves its id to nobody else, and a call of it is refused nothing', () => {
    const f = idle();
    ends(f, 1000);
    f.followup('/root/a');
    expect(running(f, '/root/a')).toBe(1002);
    expect(f.call('/root/a', 'write_stdin', { session_id: 1000, chars: 'y' }).outcome).toBeUndefined();
    expect(f.state.processes.all[1000]!.end).toMatchObject({ how: 'exited', code: 0 });
  });
});

describe('an interruption', () => {
  test('[TU1][P-13] keeps the processes of its agent, except those that are to be killed with it', () => {
    const f = fleet({ limits: { activeTurns: 2 } });
    f.spawn('/root', 'a');
    running(f, '/root/a');
    running(f, '/root/a', { onInterrupt: 'kill' });
    running(f, '/root', { onInterrupt: 'kill' });
    f.call('/root/a', 'exec_command', { cmd: 'make' });
    const then = f.interrupt('/root/a');
    expect(of(then, 'ProcessStopRequested').map((e) => [e.data.processId, e.data.reason])).toEqual([
      [1001, 'interrupted'],
    ]);
    expect(f.of('ProcessRequested').map((e) => e.data.onInterrupt)).toEqual(['keep', 'kill', 'kill', 'keep']);
  });

  test('[PA4] a closing ends all of them, once each', () => {
    const f = fleet({ limits: { activeTurns: 2 } });
    f.spawn('/root', 'a');
    running(f, '/root/a', { onInterrupt: 'kill' });
    running(f, '/root/a');
    expect(of(f.close('/root/a'), 'ProcessStopRequested').map((e) => e.data.reason)).toEqual(['closed', 'closed']);
  });
});

describe('the limit', () => {
  test('[PR5][P-8] counts detached processes, and its refusal names every holder', () => {
    const f = fleet({ limits: { processes: 2, activeTurns: 2 } });
    f.spawn('/root', 'a');
    running(f, '/root/a');
    running(f, '/root');
    detach(f, '/root/a');
    const refused = f.call('/root', 'exec_command', { cmd: 'one more' });
    expect(refused.outcome).toBe('refused');
    expect(refused.text).toContain('limit processes reached: 2, taken by /root/a (since event');
    expect(refused.fields?.holders).toMatchObject([{ processId: 1000 }, { processId: 1001 }]);
  });

  test('[PR4][P-10] a call that is refused takes no id', () => {
    const f = fleet({ limits: { processes: 1 } });
    running(f, '/root');
    f.call('/root', 'exec_command', { cmd: 'refused' });
    f.call('/root', 'exec_command', { cmd: ' ' });
    ends(f, 1000);
    expect(running(f, '/root')).toBe(1001);
  });

  test('[PR6][P-24] with prune the least recently used goes, and its owner and the caller are told', () => {
    const f = fleet({ limits: { processes: 2, onFull: 'prune', activeTurns: 2 } });
    f.spawn('/root', 'a');
    running(f, '/root/a');
    running(f, '/root');
    f.call('/root', 'write_stdin', { session_id: 1000 });
    f.ask({ do: 'endCall', turnId: f.turn('/root').turnId, callId: 'c4', outcome: 'ok', output: { text: '' } });
    const then = f.call('/root/a', 'exec_command', { cmd: 'new' });
    expect(types(then)).toEqual(['ToolCallStarted', 'ProcessStopRequested', 'MailAccepted', 'ProcessRequested']);
    expect(ids(then, 'ProcessStopRequested')).toEqual([1001]);
    expect(of(then, 'MailAccepted')[0]!.data).toMatchObject({ to: f.id('/root'), kind: 'notice', trigger: false });
    expect(of(then, 'ProcessRequested')[0]!.data.pruned).toEqual([1001]);
    // It is on its way out: the next one need not wait for it, and nobody else has to go for it.
    expect(f.state.processes.count[f.id('/root')]).toBe(3);
    expect(ids(f.call('/root', 'exec_command', { cmd: 'newer' }), 'ProcessStopRequested')).toEqual([1000]);
  });

  test('[PR6] ended processes hold no place: nobody is pruned for them', () => {
    const f = fleet({ limits: { processes: 2, onFull: 'prune' } });
    running(f, '/root');
    running(f, '/root');
    ends(f, 1001);
    running(f, '/root');
    expect(f.of('ProcessStopRequested')).toEqual([]);
  });

  test('[PR6] with room for none, prune refuses as well', () => {
    const f = fleet({ limits: { processes: 0, onFull: 'prune' } });
    expect(f.call('/root', 'exec_command', { cmd: 'x' }).outcome).toBe('refused');
  });
});
