/** Residency as the log decides it: RE1–RE4, RE6–RE9, and the peer's races of eviction, reload and listing. */
import { expect, test } from 'vitest';
import { fleet, of, type PaperFleet, types } from './given.ts';

const evicted = (f: PaperFleet) => f.of('AgentEvicted').map((e) => f.state.agents[e.data.agentId]!.path);

/** Children a, b, c … of the root that have run and are idle, oldest use first. */
const idle = (residents: number, names: string, more: object = {}) => {
  const f = fleet({ limits: { activeTurns: 2, residents, ...more } });
  for (const name of names) {
    f.spawn('/root', name);
    f.say(`/root/${name}`, `${name} is done`);
  }
  // Takes the completions, so that they are in no later batch.
  f.call('/root', 'list_agents', {});
  return f;
};

test('[RE1][R25] an eviction closes, renames, forgets and hides nobody: list_agents shows it with its last status', () => {
  const f = idle(1, 'a');
  const before = structuredClone(f.agent('/root/a'));
  f.ask({ do: 'evict', target: '/root/a' });
  expect(f.agent('/root/a')).toEqual({ ...before, version: before.version + 1 });
  const { fields } = f.call('/root', 'list_agents', {});
  expect(fields!.agents).toEqual([
    expect.objectContaining({ agent_name: '/root', agent_status: 'running', resident: true }),
    expect.objectContaining({
      ...{ agent_name: '/root/a', agent_status: { completed: 'a is done' }, resident: false, status: 'completed' },
      last_task_message: 'do a',
    }),
  ]);
});

test('[RE1][R25] interrupting an evicted agent tells its last status and loads nothing', () => {
  const f = idle(1, 'a');
  f.ask({ do: 'evict', target: '/root/a' });
  const { events, text } = f.call('/root', 'interrupt_agent', { target: 'a' });
  expect(text).toBe('{"previous_status":{"completed":"a is done"}}');
  expect(types({ events })).toEqual(['ToolCallStarted', 'ToolCallEnded']);
});

test('[RE1][RE8] an interrupted and evicted agent is loaded when it is addressed', () => {
  const f = fleet({ limits: { activeTurns: 1 } });
  f.spawn('/root', 'a');
  f.interrupt('/root/a');
  f.ask({ do: 'evict', target: '/root/a' });
  const { events } = f.call('/root', 'followup_task', { target: 'a', message: 'again' });
  expect(of({ events }, 'AgentLoaded')[0]!.data).toEqual({ agentId: f.id('/root/a'), reason: 'followup' });
  expect(f.taken('/root/a')).toEqual(['do a', 'again']);
});

test('[RE2] the least recently used goes first: loaded, mailed, started, ended and parked are uses', () => {
  const f = idle(4, 'abc');
  f.call('/root', 'send_message', { target: 'a', message: 'news' });
  f.followup('/root/b');
  f.say('/root/b');
  f.limits({ residents: 1 });
  f.spawn('/root', 'd');
  expect(evicted(f)).toEqual(['/root/c', '/root/a']);
  expect([f.resident('/root/b'), f.resident('/root/d')]).toEqual([true, true]);
});

test('[RE2] listing, waiting and reading an answer are no uses', () => {
  const f = idle(2, 'ab');
  f.call('/root', 'list_agents', {});
  f.call('/root', 'interrupt_agent', { target: 'a' });
  f.call('/root', 'wait_agent', {});
  f.spawn('/root', 'c');
  expect(evicted(f)).toEqual(['/root/a']);
});

test('[RE3][R9] who has a turn in progress is never evicted; roots neither', () => {
  const f = fleet({ limits: { activeTurns: 3, residents: 0 } });
  for (const name of ['a', 'b', 'c']) f.spawn('/root', name);
  expect(evicted(f)).toEqual([]);
  expect(f.ask({ do: 'evict', target: '/root/a' }).refusal?.code).toBe('HOLDFAST_NOT_EVICTABLE');
  f.say('/root');
  expect(f.ask({ do: 'evict', target: '/root' }).refusal?.code).toBe('HOLDFAST_NOT_EVICTABLE');
});

test('[RE3][SL10] a parked agent can be evicted, and is loaded again when it goes on', () => {
  const f = fleet({ limits: { activeTurns: 1, residents: 1, whenFull: 'queue' } });
  f.spawn('/root', 'a');
  f.spawn('/root', 'b');
  f.call('/root/a', 'wait_agent', {});
  f.say('/root/b');
  const { events } = f.spawn('/root', 'c');
  expect(of({ events }, 'AgentEvicted')[0]!.data).toEqual({
    ...{ agentId: f.id('/root/a'), reason: 'lru', wantedBy: f.id('/root/c') },
  });
  expect(f.status('/root/a')).toBe('waiting');
  f.ask({ do: 'send', target: '/root/a', text: 'hurry' });
  expect(f.resident('/root/a')).toBe(false);
  const then = f.say('/root/c');
  expect(of(then, 'AgentLoaded')[0]!.data).toEqual({ agentId: f.id('/root/a'), reason: 'unparked' });
  expect(f.status('/root/a')).toBe('running');
});

test('[RE3][R12][R13] unread mail and running processes pin nobody; mail and process are still there afterwards', () => {
  const f = fleet({ limits: { activeTurns: 2, residents: 1 } });
  f.spawn('/root', 'a');
  const exec = f.call('/root/a', 'exec_command', { cmd: 'sleep 100' });
  const { turnId } = f.turn('/root/a');
  f.ask({ do: 'endCall', turnId, callId: exec.id, outcome: 'ok', output: { text: '' } }, 'engine');
  f.call('/root', 'send_message', { target: 'a', message: 'news' });
  f.say('/root/a');
  f.spawn('/root', 'b');
  f.say('/root/b');
  f.spawn('/root', 'c');
  expect(evicted(f)).toEqual(['/root/a']);
  expect(f.of('ProcessStopRequested')).toEqual([]);
  expect(f.state.processes.all[1000]!.end).toBeUndefined();
  expect(f.unread('/root/a')).toEqual(['news']);
});

test('[RE4][R7][R8][R17] one batch evicts and loads; a full memory fails no command', () => {
  const f = idle(1, 'abc');
  expect(evicted(f)).toEqual(['/root/a']);
  const then = f.followup('/root/a', 'more');
  expect(types(then)).toEqual([
    ...['MailAccepted', 'SlotReserved', 'AgentEvicted', 'AgentLoaded', 'SlotCommitted', 'TurnStarted', 'MailConsumed'],
  ]);
  expect(of(then, 'AgentLoaded')[0]!.data.reason).toBe('operator');
  expect(of(then, 'AgentEvicted')[0]!.data.agentId).toBe(f.id('/root/b'));
});

test('[RE4] a load that fails ends that turn as failed, its parent is told, and the next turn is not concerned', () => {
  const f = fleet({ limits: { activeTurns: 1 } });
  f.spawn('/root', 'a');
  const then = f.ask({ do: 'loadFailed', agentId: f.id('/root/a'), error: 'no client' }, 'engine');
  expect(types(then)).toEqual(['SamplingEnded', 'MailReturned', 'TurnFailed', 'MailAccepted', 'SlotReleased']);
  expect(f.unread('/root')[0]).toMatch(/^Agent errored: no client/);
  f.followup('/root/a', 'again');
  expect(f.taken('/root/a')).toEqual(['do a', 'again']);
});

test('[RE4] a load that fails after its turn is over changes nothing', () => {
  const f = idle(1, 'a');
  expect(f.ask({ do: 'loadFailed', agentId: f.id('/root/a'), error: 'late' }, 'engine').events).toEqual([]);
});

test('[RE5][R11] an abandoned object is a fact and holds nobody up', () => {
  const f = idle(1, 'a');
  const agentId = f.id('/root/a');
  f.ask({ do: 'evict', target: '/root/a' });
  expect(types(f.ask({ do: 'unloadAbandoned', agentId, afterMs: 5000 }, 'engine'))).toEqual(['UnloadAbandoned']);
  f.followup('/root/a');
  expect(f.runs('/root/a')).toBe(true);
});

test('[RE6][R26] a reload takes nothing from its caller: path, role, model, effort and cwd are those of the spawn', () => {
  const f = fleet({
    models: { script: { kind: 'script' }, large: { kind: 'script' } },
    roles: { reviewer: { model: 'large', effort: 'high' } },
    roots: [{ prompt: 'go', model: 'script', effort: 'low', cwd: '/srv' }],
  });
  f.spawn('/root', 'a', { agent_type: 'reviewer' });
  const before = structuredClone(f.agent('/root/a'));
  expect(before).toMatchObject({ role: 'reviewer', model: 'large', effort: 'high', cwd: '/srv', path: '/root/a' });
  f.say('/root/a');
  f.ask({ do: 'evict', target: '/root/a' });
  f.crash();
  f.call('/root', 'followup_task', { target: 'a', message: 'more' });
  const { role, model, effort, cwd, path, spawned } = before;
  expect(f.agent('/root/a')).toMatchObject({ role, model, effort, cwd, path, spawned });
  expect(f.of('AgentSpawned').filter((e) => e.data.path === '/root/a')).toHaveLength(1);
});

test('[RE7] mail to an unloaded agent is accepted without loading it; its next turn loads it', () => {
  const f = idle(1, 'a');
  f.ask({ do: 'evict', target: '/root/a' });
  const { events } = f.call('/root', 'send_message', { target: 'a', message: 'news' });
  expect(types({ events })).not.toContain('AgentLoaded');
  expect([f.resident('/root/a'), f.status('/root/a')]).toEqual([false, 'completed']);
  expect(types(f.followup('/root/a'))).toContain('AgentLoaded');
});

test('[RE7][R15][R16] two deliveries at once to an evicted agent cause one load and one turn, and go in in order', () => {
  const f = idle(1, 'a');
  f.ask({ do: 'evict', target: '/root/a' });
  const before = f.of('AgentLoaded').length;
  f.calls('/root', ['followup_task', { target: 'a', message: '1' }], ['followup_task', { target: 'a', message: '2' }]);
  expect(f.of('AgentLoaded').length - before).toBe(1);
  f.say('/root/a');
  expect(f.taken('/root/a')).toEqual(['2']);
  expect(f.of('AgentLoaded').length - before).toBe(1);
});

test('[RE8][PA3] after a restart an old child can be addressed by path and by id', () => {
  const f = idle(1, 'ab');
  f.crash();
  expect(f.resident('/root/a')).toBe(false);
  expect(f.call('/root', 'send_message', { target: 'a', message: '1' }).outcome).toBe('ok');
  expect(f.call('/root', 'send_message', { target: f.id('/root/b'), message: '2' }).outcome).toBe('ok');
  expect(f.call('/root', 'spawn_agent', { task_name: 'a', message: 'go' }).text).toBe(
    'agent path `/root/a` already exists',
  );
});

test('[RE9] a start empties the set of residents and loads whoever has a turn in progress', () => {
  const f = idle(4, 'abc');
  f.spawn('/root', 'd');
  const then = f.crash();
  expect(of(then, 'AgentLoaded').map((e) => [f.state.agents[e.data.agentId]!.path, e.data.reason])).toEqual([
    ['/root', 'resumed'],
    ['/root/d', 'resumed'],
  ]);
  expect(Object.keys(f.state.residents.present).sort()).toEqual([f.id('/root'), f.id('/root/d')].sort());
});

test('[RE3][R10][R24] closing an agent takes it out of memory and out of the order, once', () => {
  const f = idle(2, 'ab');
  f.close('/root/a');
  f.spawn('/root', 'c');
  expect(evicted(f)).toEqual([]);
  expect(f.state.residents.count).toBe(2);
});
