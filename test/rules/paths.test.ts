/** Paths, targets and authority: PA1–PA5, and the peer's ways to reach or lose somebody by mistake. */
import { describe, expect, test } from 'vitest';
import type { AgentId } from '../../events/ids.ts';
import { nameFault, resolvePath } from '../../src/decide/paths.ts';
import { fleet, of, type PaperFleet, types } from './given.ts';

const two = () =>
  fleet({
    roots: [
      { name: 'x', prompt: '1' },
      { name: 'y', prompt: '2' },
    ],
  });
const send = (f: PaperFleet, from: string, target: string) => f.call(from, 'send_message', { target, message: 'hi' });

describe('names', () => {
  test.each([
    ['', 'agent_name must not be empty'],
    ['root', 'agent_name `root` is reserved'],
    ['.', 'agent_name `.` is reserved'],
    ['..', 'agent_name `..` is reserved'],
    ['a/b', 'agent_name must not contain `/`'],
    ['B', 'agent_name must use only lowercase letters, digits, and underscores'],
    ['a-b', 'agent_name must use only lowercase letters, digits, and underscores'],
    ['ä', 'agent_name must use only lowercase letters, digits, and underscores'],
    ['a\n', 'agent_name must use only lowercase letters, digits, and underscores'],
  ])('[PA1] the name %j is refused in the exact words', (name, words) => {
    expect(nameFault(name)).toBe(words);
    const { outcome, text } = fleet().call('/root', 'spawn_agent', { task_name: name, message: 'go' });
    expect([outcome, text]).toEqual(['error', words]);
  });

  test('[PA1] letters, digits and underscores are names of any length', () => {
    for (const name of ['a', '0', '_', '__proto__', 'a1_b2', 'x'.repeat(300)]) expect(nameFault(name)).toBeUndefined();
    const f = fleet();
    expect(f.spawn('/root', '__proto__').outcome).toBe('ok');
    expect(f.runs('/root/__proto__')).toBe(true);
  });
});

describe('paths', () => {
  test.each([
    ['b', '/root/a/b'],
    ['b/c', '/root/a/b/c'],
    ['/root/c', '/root/c'],
    ['/root', '/root'],
  ])('[PA1] below /root/a, %j means %j', (reference, path) => {
    expect(resolvePath('/root/a', reference)).toMatchObject({ right: path });
  });

  test.each([
    ['', 'agent path must not be empty'],
    ['../c', 'agent_name `..` is reserved'],
    ['b/', 'relative agent path must not end with `/`'],
    ['/root/b/', 'absolute agent path must not end with `/`'],
    ['/root/', 'absolute agent path must not end with `/`'],
    ['/other', 'absolute agent paths must start with `/root`'],
    ['/rootb', 'absolute agent paths must start with `/root`'],
    ['/', 'absolute agent paths must start with `/root`'],
    ['root', 'agent_name `root` is reserved'],
    ['B', 'agent_name must use only lowercase letters, digits, and underscores'],
    ['a//b', 'agent_name must not be empty'],
  ])('[PA1] %j is refused in the exact words', (reference, words) => {
    expect(resolvePath('/root/a', reference)).toMatchObject({ left: { message: words } });
    const { outcome, text } = send(fleet(), '/root', reference);
    expect([outcome, text]).toEqual(['error', words]);
  });

  test('[PA1] for the operator, NAME:/root/x names one root, and a bare path in several is refused with them', () => {
    const f = two();
    f.spawn('x:/root', 'a');
    f.spawn('y:/root', 'a');
    f.spawn('y:/root', 'only');
    const ask = (target: string) => f.ask({ do: 'send', target, text: 'hi' });
    expect(ask('/root/a').refusal).toMatchObject({
      code: 'HOLDFAST_AMBIGUOUS_PATH',
      details: { candidates: ['x:/root/a', 'y:/root/a'] },
    });
    expect(ask('y:/root/a').answer).toMatchObject({ agentId: f.id('y:/root/a') });
    expect(ask('/root/only').answer).toMatchObject({ agentId: f.id('y:/root/only') });
    expect(ask('z:/root/a').refusal?.code).toBe('HOLDFAST_AGENT_NOT_FOUND');
  });

  test.each(['constructor', '__proto__', 'toString', 'x:constructor', 'hasOwnProperty:/root', '', ':', '/'])(
    '[PA1] the operator may type %j and is told that it is nobody',
    (target) => {
      const f = two();
      for (const command of [
        { do: 'send', target, text: 'hi' },
        { do: 'interrupt', target },
        { do: 'close', target },
        { do: 'evict', target },
      ] as const)
        expect(f.ask(command).refusal?.code).toBe('HOLDFAST_AGENT_NOT_FOUND');
    },
  );

  test('[PA1] a prefix of list_agents covers whole names', () => {
    const f = fleet();
    for (const name of ['a', 'ab']) f.spawn('/root', name);
    f.spawn('/root/a', 'c');
    const listed = (path: string, path_prefix: string) =>
      (f.call(path, 'list_agents', { path_prefix }).fields!.agents as { agent_name: string }[]).map(
        (a) => a.agent_name,
      );
    expect(listed('/root', 'a')).toEqual(['/root/a', '/root/a/c']);
    expect(listed('/root/a', 'c')).toEqual(['/root/a/c']);
    expect(listed('/root/a', '/root')).toEqual(['/root', '/root/a', '/root/a/c', '/root/ab']);
  });
});

describe('who has a path', () => {
  test('[PA2][R14] a path is taken while its agent is open: running, idle, evicted, interrupted or after a crash', () => {
    const f = fleet();
    f.spawn('/root', 'a');
    const taken = () => expect(f.spawn('/root', 'a').text).toBe('agent path `/root/a` already exists');
    taken();
    f.interrupt('/root/a');
    taken();
    f.ask({ do: 'evict', target: '/root/a' });
    taken();
    f.crash();
    taken();
    expect(f.call('/root', 'send_message', { target: 'a', message: 'hi' }).outcome).toBe('ok');
  });

  test('[PA2] two spawns of one name in one list: the first has it', () => {
    const f = fleet();
    const args = { task_name: 'a', message: 'go' };
    const calls = f.calls('/root', ['spawn_agent', args], ['spawn_agent', args]);
    expect(calls.map((c) => c.outcome)).toEqual(['ok', 'error']);
  });

  test('[PA2] a closed agent frees its path, and the next one there is another agent', () => {
    const f = fleet();
    f.spawn('/root', 'a');
    const first = f.id('/root/a');
    f.close('/root/a');
    expect(f.spawn('/root', 'a').outcome).toBe('ok');
    expect(f.id('/root/a')).not.toBe(first);
  });
});

describe('who is found', () => {
  test('[PA3][R3] an id of another tree is not found: nothing is loaded, delivered or started there', () => {
    const f = two();
    f.spawn('y:/root', 'a');
    f.say('y:/root/a');
    f.ask({ do: 'evict', target: 'y:/root/a' });
    const id = f.id('y:/root/a');
    for (const [tool, more] of [
      ['send_message', { message: 'hi' }],
      ['followup_task', { message: 'hi' }],
      ['interrupt_agent', {}],
      ['close_agent', {}],
    ] as const) {
      const { events, outcome, text } = f.call('x:/root', tool, { target: id, ...more });
      expect([outcome, text]).toEqual(['error', `agent with id ${id} not found`]);
      expect(types({ events })).toEqual(['ToolCallStarted', 'ToolCallEnded']);
    }
    expect(send(f, 'x:/root', '/root/a').text).toBe('live agent path `/root/a` not found');
    expect(f.resident('y:/root/a')).toBe(false);
  });

  test('[PA3] an id that never was is answered in the same words', () => {
    const id = '01890000-0000-7000-8000-000000000000';
    expect(send(fleet(), '/root', id).text).toBe(`agent with id ${id} not found`);
  });

  test('[PA3] unknown names are looked for below the caller', () => {
    const f = fleet();
    f.spawn('/root', 'r');
    expect(send(f, '/root/r', 'q').text).toBe('live agent path `/root/r/q` not found');
    expect(send(f, '/root', '/root/nobody').text).toBe('live agent path `/root/nobody` not found');
  });

  test('[PA3][R31] a name that looks like an id is still a name when there is such a child', () => {
    const f = fleet();
    const name = '0189abcd0123712380aabbccddeeff00';
    f.spawn('/root', name);
    expect(send(f, '/root', name).outcome).toBe('ok');
    expect(f.unread(`/root/${name}`)).toEqual(['hi']);
    expect(send(f, '/root', f.id(`/root/${name}`)).outcome).toBe('ok');
  });

  test('[PA3][PA4] nobody below a closed agent is found, by path or by id', () => {
    const f = fleet();
    f.spawn('/root', 'a');
    f.spawn('/root/a', 'b');
    const id = f.id('/root/a/b');
    f.close('/root/a');
    expect(send(f, '/root', 'a/b').text).toBe('live agent path `/root/a/b` not found');
    expect(send(f, '/root', id).text).toBe(`agent with id ${id} is closed`);
    expect(f.ask({ do: 'send', target: id, text: 'hi' }).refusal?.code).toBe('HOLDFAST_AGENT_NOT_FOUND');
  });
});

describe('closing', () => {
  /** a (running, with a command) over b (running) and c (closed), all below the root, which waits. */
  const family = () => {
    const f = fleet({ limits: { activeTurns: 3 } });
    f.spawn('/root', 'a');
    f.spawn('/root/a', 'b');
    f.spawn('/root/a', 'c');
    f.close('/root/a/c');
    return f;
  };

  test('[PA4] is one batch, leaves first: interruption, mail, processes, then the agent', () => {
    const f = family();
    f.call('/root/a', 'exec_command', { cmd: 'make' });
    f.call('/root', 'send_message', { target: 'a/b', message: 'unread' });
    const then = f.close('/root/a');
    expect(types(then)).toEqual([
      ...[
        'SamplingEnded',
        'MailReturned',
        'TurnInterrupted',
        'SlotReleased',
        'MailRejected',
        'MailRejected',
        'AgentClosed',
      ],
      ...['ToolCallEnded', 'TurnInterrupted', 'SlotReleased', 'ProcessStopRequested', 'AgentClosed'],
    ]);
    expect(of(then, 'AgentClosed').map((e) => f.state.agents[e.data.agentId]!.path)).toEqual(['/root/a/b', '/root/a']);
    expect(of(then, 'MailRejected').map((e) => e.data.reason)).toEqual(['closed', 'closed']);
    expect(of(then, 'ProcessStopRequested')[0]!.data).toMatchObject({ processId: 1000, reason: 'closed' });
    expect(f.held()).toBe(0);
  });

  test('[PA4] tolerates the dead: a closed descendant is passed over', () => {
    const f = family();
    expect(f.close('/root/a').answer).toEqual({ path: '/root/a', closed: 2 });
  });

  test('[PA4] stops processes that are only requested, and those already asked to stop only once', () => {
    const f = family();
    f.call('/root/a/b', 'exec_command', { cmd: 'make' });
    const [, stop] = f.calls('/root', ['exec_command', { cmd: 'make' }], ['stop_process', { session_id: 1000 }]);
    expect(stop!.outcome).toBe('ok');
    expect(of(f.close('/root/a'), 'ProcessStopRequested')).toEqual([]);
    expect(f.of('ProcessStopRequested')).toHaveLength(1);
  });

  test('[PA4][R29] is permanent: neither a crash nor mail nor a late result brings an agent back', () => {
    const f = family();
    const id = f.id('/root/a');
    const { turnId } = f.turn('/root/a');
    const n = f.agent('/root/a').samplings + 1;
    f.close('/root/a');
    expect(f.ask({ do: 'sampled', turnId, n, items: [{ say: 'late' }] }, 'engine').events).toEqual([]);
    f.crash();
    expect(send(f, '/root', id).outcome).toBe('error');
    expect(f.state.agents[id]!.last.is).toBe('closed');
    expect(f.state.residents.present[id]).toBeUndefined();
  });

  test('[PA4][SL9] slots that it frees are granted once, after the last AgentClosed, and never to whom it closes', () => {
    const f = fleet({ limits: { activeTurns: 2, whenFull: 'queue' } });
    f.spawn('/root', 'a');
    f.spawn('/root/a', 'b');
    f.spawn('/root/a', 'c');
    f.spawn('/root', 'd');
    f.followup('/root/a/b', 'more');
    const then = f.close('/root/a');
    const order = types(then);
    expect(order.lastIndexOf('AgentClosed')).toBeLessThan(order.indexOf('SlotReserved'));
    expect(of(then, 'TurnStarted').map((e) => e.data.agentId)).toEqual([f.id('/root/d')]);
    expect(f.queued()).toEqual([]);
  });

  test('[PA4][TU1] a cascade interrupts the whole subtree in one batch, leaves first, and grants come after the last', () => {
    const f = fleet({ limits: { activeTurns: 2, whenFull: 'queue' } });
    f.spawn('/root', 'a');
    f.spawn('/root/a', 'b');
    f.spawn('/root', 'd');
    const then = f.interrupt('/root/a', true);
    const order = types(then);
    expect(of(then, 'TurnInterrupted').map((e) => f.state.agents[e.data.agentId]!.path)).toEqual([
      '/root/a/b',
      '/root/a',
    ]);
    expect(order.lastIndexOf('TurnInterrupted')).toBeLessThan(order.indexOf('SlotReserved'));
    expect(of(then, 'TurnStarted').map((e) => e.data.agentId)).toEqual([f.id('/root/d')]);
    expect([f.status('/root/a'), f.status('/root/a/b')]).toEqual(['interrupted', 'interrupted']);
  });

  test('[PA4] an agent closes one below it through close_agent, and is told what it was', () => {
    const f = family();
    const { events, text } = f.call('/root', 'close_agent', { target: 'a', reason: 'no longer needed' });
    expect(text).toBe('{"previous_status":"running"}');
    expect(types({ events }).slice(-2)).toEqual(['AgentClosed', 'ToolCallEnded']);
    expect(of({ events }, 'AgentClosed')[1]!.data.reason).toBe('no longer needed');
  });
});

describe('authority', () => {
  test('[PA5] root and self are not interrupted by an agent, by path or by id, in the exact words', () => {
    const f = fleet();
    f.spawn('/root', 'a');
    const own = 'an agent cannot interrupt itself; return your result and let the parent interrupt you if needed';
    const say = (target: string) => f.call('/root/a', 'interrupt_agent', { target }).text;
    expect(say('/root')).toBe('root is not a spawned agent');
    expect(say(f.id('/root'))).toBe('root is not a spawned agent');
    expect(say('/root/a')).toBe(own);
    expect(say(f.id('/root/a'))).toBe(own);
    expect(f.runs('/root') && f.runs('/root/a')).toBe(true);
  });

  test('[PA5] root, self and those above are not closed by an agent', () => {
    const f = fleet();
    f.spawn('/root', 'a');
    f.spawn('/root/a', 'b');
    for (const target of ['/root', '/root/a', '/root/a/b'])
      expect(f.call('/root/a/b', 'close_agent', { target }).outcome).toBe('error');
    expect(f.of('AgentClosed')).toEqual([]);
  });

  test('[PA5] a child may interrupt its parent; with cascade it is itself left out', () => {
    const f = fleet();
    f.spawn('/root', 'a');
    f.spawn('/root/a', 'b');
    f.call('/root/a/b', 'interrupt_agent', { target: '/root/a', cascade: true });
    expect([f.status('/root/a'), f.status('/root/a/b')]).toEqual(['interrupted', 'running']);
  });

  test('[PA5] the operator interrupts and closes roots too', () => {
    const f = two();
    expect(f.interrupt('x:/root').answer).toMatchObject({ interrupted: true, previousStatus: 'running' });
    f.spawn('y:/root', 'a');
    expect(f.close('y:/root').answer).toMatchObject({ closed: 2 });
    expect(f.ask({ do: 'send', target: 'y:/root', text: 'hi' }).refusal?.code).toBe('HOLDFAST_AGENT_NOT_FOUND');
    const id = f.state.roots[1] as AgentId;
    expect(f.state.agents[id]!.last.is).toBe('closed');
  });
});
