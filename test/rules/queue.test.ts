/** `whenFull: queue`: SL9 and SL10, one first-in-first-out queue per tree, and parents that wait for their children. */
import { describe, expect, test } from 'vitest';
import { fleet, of, types } from './given.ts';

const queue = (activeTurns: number, more: object = {}) =>
  fleet({ limits: { activeTurns, whenFull: 'queue', ...more } });

describe('a spawn without a slot', () => {
  test('[SL9] succeeds at once: identity, mail, end of the call and place in the queue are one batch', () => {
    const f = queue(1);
    f.spawn('/root', 'a');
    const { events, outcome } = f.spawn('/root', 'b');
    expect(types({ events })).toEqual([
      'ToolCallStarted',
      'AgentSpawned',
      'MailAccepted',
      'ToolCallEnded',
      'TurnQueued',
    ]);
    expect(outcome).toBe('ok');
    expect(of({ events }, 'TurnQueued')[0]!.data).toMatchObject({ purpose: 'spawn', ahead: 0 });
    expect([f.held(), f.resident('/root/b'), f.status('/root/b')]).toEqual([1, false, 'queued']);
  });

  test('[SL9][PA2] its path is taken', () => {
    const f = queue(1);
    f.spawn('/root', 'a');
    f.spawn('/root', 'b');
    expect(f.spawn('/root', 'b').text).toBe('agent path `/root/b` already exists');
  });

  test('[SL9] is granted in the batch that frees a slot, first come first served', () => {
    const f = queue(1);
    for (const name of ['a', 'b', 'c']) f.spawn('/root', name);
    expect(f.queued()).toEqual(['/root/b', '/root/c']);
    const then = f.say('/root/a');
    expect(types(then)).toEqual([
      ...['ModelSampled', 'TurnCompleted', 'MailAccepted', 'SlotReleased'],
      ...['SlotReserved', 'AgentLoaded', 'SlotCommitted', 'TurnStarted', 'MailConsumed'],
    ]);
    expect(of(then, 'SlotReserved')[0]).toMatchObject({
      data: { agentId: f.id('/root/b'), purpose: 'queued' },
      cause: of(then, 'SlotReleased')[0]!.position,
    });
    expect(f.queued()).toEqual(['/root/c']);
  });

  test('[SL9] waits behind those that were there before, also when a slot is free at this moment', () => {
    const f = queue(2);
    for (const name of ['a', 'b', 'c', 'd']) f.spawn('/root', name);
    f.followup('/root/a', 'again');
    const then = f.say('/root/a');
    expect(of(then, 'TurnQueued')[0]!.data).toMatchObject({ purpose: 'continuation', ahead: 2 });
    expect(of(then, 'TurnStarted').map((e) => e.data.agentId)).toEqual([f.id('/root/c')]);
    expect(f.queued()).toEqual(['/root/d', '/root/a']);
  });
});

describe('the queue', () => {
  test('[SL9] an agent has one entry; later triggers join it and go in together', () => {
    const f = queue(1);
    f.spawn('/root', 'a');
    f.spawn('/root', 'b');
    expect(types(f.followup('/root/b', 'two'))).toEqual(['MailAccepted']);
    f.call('/root', 'send_message', { target: 'b', message: 'three' });
    expect(f.queued()).toEqual(['/root/b']);
    f.say('/root/a');
    expect(f.taken('/root/b')).toEqual(['do b', 'two', 'three']);
  });

  test('[SL9][TU1] interrupting a queued agent dequeues it, spends its triggers, and it is interrupted', () => {
    const f = queue(1);
    f.spawn('/root', 'a');
    f.spawn('/root', 'b');
    f.followup('/root/b', 'two');
    const { events, text } = f.call('/root', 'interrupt_agent', { target: 'b' });
    expect(types({ events })).toEqual(['ToolCallStarted', 'TurnDequeued', 'ToolCallEnded']);
    expect(of({ events }, 'TurnDequeued')[0]!.data.reason).toBe('interrupted');
    expect(text).toBe('{"previous_status":"pending_init"}');
    expect([f.status('/root/b'), f.unread('/root/b')]).toEqual(['interrupted', ['do b', 'two']]);
    f.say('/root/a');
    expect(f.runs('/root/b')).toBe(false);
    f.followup('/root/b', 'three');
    expect(f.taken('/root/b')).toEqual(['do b', 'two', 'three']);
  });

  test('[SL9] closing a queued agent dequeues it as closed and rejects its mail', () => {
    const f = queue(1);
    f.spawn('/root', 'a');
    f.spawn('/root', 'b');
    const then = f.close('/root/b');
    expect(types(then)).toEqual(['TurnDequeued', 'MailRejected', 'AgentClosed']);
    expect(of(then, 'TurnDequeued')[0]!.data.reason).toBe('closed');
    expect(f.queued()).toEqual([]);
  });

  test('[SL9] survives a crash in its order', () => {
    const f = queue(1);
    for (const name of ['a', 'b', 'c']) f.spawn('/root', name);
    expect(types(f.crash())).not.toContain('TurnQueued');
    expect(f.queued()).toEqual(['/root/b', '/root/c']);
    f.say('/root/a');
    f.say('/root/b');
    expect(f.runs('/root/c')).toBe(true);
  });

  test('[SL9] a higher limit grants at once, in queue order, as many as fit', () => {
    const f = queue(1);
    for (const name of ['a', 'b', 'c', 'd']) f.spawn('/root', name);
    const then = f.limits({ activeTurns: 3 });
    expect(of(then, 'TurnStarted').map((e) => e.data.agentId)).toEqual([f.id('/root/b'), f.id('/root/c')]);
    expect(f.queued()).toEqual(['/root/d']);
  });

  test('[SL9] queues of two trees are two: a slot that one tree frees goes to nobody of the other', () => {
    const roots = [
      { name: 'x', prompt: '1' },
      { name: 'y', prompt: '2' },
    ];
    const f = fleet({ limits: { activeTurns: 1, whenFull: 'queue' }, roots });
    f.spawn('x:/root', 'a');
    for (const name of ['a', 'b']) f.spawn('y:/root', name);
    f.say('x:/root/a');
    expect(f.queued('y:/root')).toEqual(['/root/b']);
  });

  test('[SL9] nobody starves: with one slot, agents that get new tasks all the time wait behind the others', () => {
    const f = queue(1);
    for (const name of ['a', 'b', 'c']) f.spawn('/root', name);
    const ran: string[] = [];
    for (let i = 0; i < 9; i += 1) {
      const path = ['/root/a', '/root/b', '/root/c'].find((p) => f.runs(p))!;
      ran.push(path.at(-1)!);
      f.followup(path, 'again');
      f.say(path);
    }
    expect(ran.join('')).toBe('abcabcabc');
  });
});

describe('a sub-agent that only waits', () => {
  /** a has the only slot, b waits in the queue below it. */
  const parent = () => {
    const f = queue(1);
    f.spawn('/root', 'a');
    f.spawn('/root/a', 'b');
    return f;
  };

  test('[SL10] is parked: it gives its slot back in the same batch, and its child gets it', () => {
    const f = parent();
    const { events, id } = f.call('/root/a', 'wait_agent', {});
    expect(types({ events })).toEqual([
      ...['ToolCallStarted', 'TurnParked', 'SlotReleased'],
      ...['SlotReserved', 'AgentLoaded', 'SlotCommitted', 'TurnStarted', 'MailConsumed'],
    ]);
    expect(of({ events }, 'SlotReleased')[0]!.data.reason).toBe('parked');
    expect(of({ events }, 'TurnParked')[0]!.data.until).toBe(f.now + 30_000);
    expect(f.result(id)).toEqual({});
    expect([f.status('/root/a'), f.status('/root/a/b')]).toEqual(['waiting', 'running']);
  });

  test('[SL10] is unparked in the batch that ends its wait, when the slot is free for it', () => {
    const f = parent();
    const { id } = f.call('/root/a', 'wait_agent', {});
    const then = f.say('/root/a/b', 'green');
    expect(types(then)).toEqual([
      ...['ModelSampled', 'TurnCompleted', 'MailAccepted', 'SlotReleased', 'ToolCallEnded'],
      ...['SlotReserved', 'SlotCommitted', 'TurnUnparked', 'MailConsumed'],
    ]);
    expect(f.result(id).text).toBe('{"message":"Wait completed. New mail from /root/a/b.","timed_out":false}');
    expect(f.taken('/root/a')).toEqual(['do a', 'green']);
  });

  test('[SL10] goes through the queue from the moment its wait has ended, behind those that came before', () => {
    const f = parent();
    f.spawn('/root', 'c');
    f.call('/root/a', 'wait_agent', {});
    const then = f.say('/root/a/b');
    expect(types(then).slice(4, 6)).toEqual(['ToolCallEnded', 'TurnQueued']);
    expect(of(then, 'TurnQueued')[0]!.data).toMatchObject({
      purpose: 'unpark',
      turnId: f.turn('/root/a').turnId,
      ahead: 1,
    });
    expect([f.runs('/root/c'), f.status('/root/a'), f.queued()]).toEqual([true, 'waiting', ['/root/a']]);
    f.say('/root/c');
    expect(f.status('/root/a')).toBe('running');
  });

  test('[SL10] a tree of parents waiting for their children cannot deadlock on one slot, however deep', () => {
    const f = queue(1, { depth: 12 });
    let path = '/root';
    for (let depth = 0; depth < 10; depth += 1) {
      f.spawn(path, 'n');
      f.call(path, 'wait_agent', {});
      path += '/n';
      expect(f.status(path)).toBe('running');
    }
    for (; path !== '/root'; path = path.slice(0, -'/n'.length)) {
      expect(f.status(path)).toBe('running');
      f.say(path, path);
    }
    expect([f.status('/root'), f.held()]).toEqual(['running', 0]);
  });

  test('[SL10] does not park when the wait returns at once, and with other calls open', () => {
    const f = parent();
    f.call('/root', 'send_message', { target: 'a', message: 'news' });
    expect(types(f.call('/root/a', 'wait_agent', {}))).toEqual(['ToolCallStarted', 'ToolCallEnded', 'MailConsumed']);
    const [wait, exec] = f.calls('/root/a', ['wait_agent', {}], ['exec_command', { cmd: 'make' }]);
    expect(types(wait!)).toEqual(['ToolCallStarted']);
    expect(types(exec!)).toEqual(['ToolCallStarted', 'ProcessRequested']);
    const then = f.ask(
      { do: 'endCall', turnId: f.turn('/root/a').turnId, callId: exec!.id, outcome: 'ok', output: { text: 'ok' } },
      'engine',
    );
    expect(types(then).slice(0, 3)).toEqual(['ToolCallEnded', 'TurnParked', 'SlotReleased']);
  });

  test('[SL10] roots never park, and with `refuse` a waiting turn keeps its slot', () => {
    const f = parent();
    expect(types(f.call('/root', 'wait_agent', {}))).toEqual(['ToolCallStarted']);
    const g = fleet({ limits: { activeTurns: 2 } });
    g.spawn('/root', 'a');
    g.spawn('/root/a', 'b');
    expect(types(g.call('/root/a', 'wait_agent', {}))).toEqual(['ToolCallStarted']);
    expect(g.held()).toBe(2);
  });

  test('[SL10] a time-out ends the wait of a parked turn, which goes on when it gets a slot', () => {
    const f = parent();
    const { id } = f.call('/root/a', 'wait_agent', {});
    f.now += 30_000;
    const then = f.ask({ do: 'waitExpired', turnId: f.turn('/root/a').turnId, callId: id }, 'engine');
    expect(types(then)).toEqual(['ToolCallEnded', 'TurnQueued']);
    expect(f.result(id).text).toBe('{"message":"Wait timed out.","timed_out":true}');
    expect(types(f.say('/root/a/b')).slice(-1)).toEqual(['MailConsumed']);
    expect(f.status('/root/a')).toBe('running');
  });

  test('[SL10] the agent that a parent spawns behind its own wait starts after the parent is parked', () => {
    const f = queue(2, { residents: 1 });
    f.spawn('/root', 'idle');
    f.spawn('/root', 'a');
    f.say('/root/idle');
    const [wait, spawn] = f.calls('/root/a', ['wait_agent', {}], ['spawn_agent', { task_name: 'b', message: 'go' }]);
    expect(f.result(wait!.id)).toEqual({});
    expect(types(spawn!)).toEqual([
      ...['ToolCallStarted', 'ToolCallEnded', 'TurnParked', 'SlotReleased'],
      ...['SlotReserved', 'AgentSpawned', 'MailAccepted', 'AgentEvicted', 'AgentLoaded'],
      ...['SlotCommitted', 'TurnStarted', 'MailConsumed'],
    ]);
  });

  test('[SL10] changing to `queue` parks those that wait', () => {
    const f = fleet({ limits: { activeTurns: 2 } });
    f.spawn('/root', 'a');
    f.spawn('/root/a', 'b');
    f.call('/root/a', 'wait_agent', {});
    expect(types(f.limits({ whenFull: 'queue' }))).toEqual(['LimitsChanged', 'TurnParked', 'SlotReleased']);
  });

  test('[SL5][SL10] changing back to `refuse` strands nobody: queued turns start and parked ones go on', () => {
    const f = parent();
    f.spawn('/root', 'c');
    f.call('/root/a', 'wait_agent', {});
    f.limits({ whenFull: 'refuse' });
    expect(f.spawn('/root', 'd').outcome).toBe('refused');
    f.say('/root/a/b');
    expect([f.status('/root/c'), f.queued()]).toEqual(['running', ['/root/a']]);
    f.say('/root/c');
    expect(f.status('/root/a')).toBe('running');
    expect(types(f.call('/root/a', 'list_agents', {}))).not.toContain('TurnParked');
  });

  test('[TU2][SL9] interrupting a parked turn that waits for its unpark dequeues it and spends no unread trigger', () => {
    const f = parent();
    f.spawn('/root', 'c');
    const { id } = f.call('/root/a', 'wait_agent', {});
    f.say('/root/a/b', 'green');
    f.followup('/root/a', 'more');
    const then = f.interrupt('/root/a');
    expect(types(then)).toEqual(['TurnDequeued', 'TurnInterrupted', 'TurnQueued']);
    expect(f.result(id).outcome).toBe('ok');
    f.say('/root/c');
    expect(f.taken('/root/a')).toEqual(['green', 'more']);
  });

  test('[TU2] interrupting a parked turn ends its wait and releases nothing, as it holds nothing', () => {
    const f = parent();
    f.call('/root/a', 'wait_agent', {});
    expect(types(f.interrupt('/root/a'))).toEqual(['ToolCallEnded', 'TurnInterrupted']);
  });

  test('[SL8][SL10] a parked turn stays parked over a crash, without slot and memory, and is woken by its mail', () => {
    const f = parent();
    f.call('/root/a', 'wait_agent', {});
    const then = f.crash();
    expect(of(then, 'TurnResumed').map((e) => e.data.agentId)).toEqual([f.id('/root'), f.id('/root/a/b')]);
    expect(f.resident('/root/a')).toBe(false);
    expect(types(f.say('/root/a/b')).slice(-5)).toEqual([
      ...['SlotReserved', 'AgentLoaded', 'SlotCommitted', 'TurnUnparked', 'MailConsumed'],
    ]);
  });
});
