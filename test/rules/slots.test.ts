/** Execution slots: SL1–SL8 with `refuse`, and the races of the peer that leaked, overshot or misreported them. */
import { describe, expect, test } from 'vitest';
import type { ReservationId } from '../../events/ids.ts';
import { SlotReleased, SlotReserved } from '../../events/slot.ts';
import { fleet, of, types } from './given.ts';

const grant = [
  'SlotReserved',
  'AgentSpawned',
  'MailAccepted',
  'AgentLoaded',
  'SlotCommitted',
  'TurnStarted',
  'MailConsumed',
];

describe('one slot', () => {
  const busy = () => {
    const f = fleet({ limits: { activeTurns: 1 } });
    f.spawn('/root', 'a');
    return f;
  };

  test('[SL1][R4] a sub-agent takes the slot that the limit names, the root none', () => {
    const f = busy();
    expect(f.held()).toBe(1);
    expect(f.runs('/root')).toBe(true);
    expect(f.runs('/root/a')).toBe(true);
  });

  test('[SL1] two roots have a limit each', () => {
    const f = fleet({
      limits: { activeTurns: 1 },
      roots: [
        { name: 'x', prompt: '1' },
        { name: 'y', prompt: '2' },
      ],
    });
    f.spawn('x:/root', 'a');
    expect(f.spawn('y:/root', 'a').outcome).toBe('ok');
    expect([f.held('x:/root'), f.held('y:/root')]).toEqual([1, 1]);
  });

  test('[SL1] a nested spawn shares the one limit of its tree', () => {
    expect(busy().spawn('/root/a', 'b').outcome).toBe('refused');
  });

  test('[SL1][R5] a turn that a client starts directly is under the same limit', () => {
    const f = fleet({ limits: { activeTurns: 1 } });
    f.spawn('/root', 'a');
    f.say('/root/a');
    f.spawn('/root', 'b');
    const then = f.followup('/root/a');
    expect(then.refusal?.code).toBe('HOLDFAST_SLOTS_TAKEN');
    expect(types(then)).toEqual(['SlotRefused']);
    expect(f.held()).toBe(1);
  });

  test('[SL1] with activeTurns 0 every spawn is refused, and says that only the operator can change that', () => {
    const { outcome, text, events } = fleet({ limits: { activeTurns: 0 } }).spawn('/root', 'a');
    expect(outcome).toBe('refused');
    expect(text).toContain('only the operator can raise it');
    expect(of({ events }, 'SlotRefused')[0]!.data).toMatchObject({ number: 0, holders: [] });
  });

  test('[SL3][R18][R30] a spawn is one batch: call, identity, path, edge, mail, slot, residency and start', () => {
    const f = fleet({ limits: { activeTurns: 1 } });
    const { events, outcome, text } = f.spawn('/root', 'a');
    expect(types({ events })).toEqual(['ToolCallStarted', 'ToolCallEnded', ...grant]);
    expect(outcome).toBe('ok');
    expect(text).toBe('{"task_name":"/root/a"}');
    expect(f.agent('/root').children).toEqual({ '/root/a': f.id('/root/a') });
    expect(of({ events }, 'AgentSpawned')[0]!.by).toBe(f.by('/root'));
  });

  test('[SL3][R18] a spawn that is refused or wrong leaves nothing: the same name can be taken afterwards', () => {
    const f = busy();
    for (const args of [
      { task_name: 'b', message: 'refused' },
      { task_name: 'b', message: '' },
      { task_name: 'B', message: 'bad name' },
    ]) {
      const { events } = f.call('/root', 'spawn_agent', args);
      expect(types({ events }).filter((t) => t !== 'SlotRefused')).toEqual(['ToolCallStarted', 'ToolCallEnded']);
    }
    expect(Object.keys(f.state.agents)).toHaveLength(2);
    f.say('/root/a');
    expect(f.spawn('/root', 'b').outcome).toBe('ok');
  });

  test('[SL2][R6] of n spawns for k free slots exactly k succeed, whoever asks', () => {
    const f = fleet({ limits: { activeTurns: 3 } });
    const names = ['a', 'b', 'c', 'd', 'e', 'f'];
    const calls = f.calls('/root', ...names.map((n) => ['spawn_agent', { task_name: n, message: 'go' }] as const));
    expect(calls.map((c) => c.outcome)).toEqual(['ok', 'ok', 'ok', 'refused', 'refused', 'refused']);
    expect(f.held()).toBe(3);
    expect(f.call('/root/a', 'spawn_agent', { task_name: 'x', message: 'go' }).outcome).toBe('refused');
  });

  test('[SL4] the end of a turn releases its slot in the same batch, and the agent stays known', () => {
    const f = busy();
    const then = f.say('/root/a', 'fine');
    expect(types(then)).toEqual(['ModelSampled', 'TurnCompleted', 'MailAccepted', 'SlotReleased']);
    expect(of(then, 'SlotReleased')[0]!.data.reason).toBe('completed');
    expect(f.held()).toBe(0);
    expect(f.spawn('/root', 'b').outcome).toBe('ok');
    expect(f.status('/root/a')).toBe('completed');
  });

  test.each([
    ['interrupted', (f: ReturnType<typeof busy>) => f.interrupt('/root/a')],
    ['interrupted', (f: ReturnType<typeof busy>) => f.close('/root/a')],
    ['failed', (f: ReturnType<typeof busy>) => f.fail('/root/a', 'no model')],
    ['failed', (f: ReturnType<typeof busy>) => f.ask({ do: 'loadFailed', agentId: f.id('/root/a'), error: 'no disk' })],
  ])('[SL4][R1][R2][R19] a slot goes with its turn, however it ends: %s', (reason, end) => {
    const f = busy();
    const then = end(f);
    expect(of(then, 'SlotReleased').map((e) => e.data.reason)).toEqual([reason]);
    expect(f.held()).toBe(0);
  });

  test('[SL4][R2] a follow-up whose target is closed before it starts holds no slot and no mail', () => {
    const f = busy();
    f.say('/root/a');
    const id = f.id('/root/a');
    f.close('/root/a');
    const { outcome, text } = f.call('/root', 'followup_task', { target: id, message: 'more' });
    expect([outcome, text]).toEqual(['error', `agent with id ${id} is closed`]);
    expect(f.held()).toBe(0);
  });

  test('[SL5][R17] a refusal names limit, number, holders and what would free one, and is recorded', () => {
    const f = busy();
    const since = f.of('SlotReserved')[0]!.position;
    const { events, outcome, text, fields } = f.spawn('/root', 'b');
    expect(types({ events })).toEqual(['ToolCallStarted', 'SlotRefused', 'ToolCallEnded']);
    expect(outcome).toBe('refused');
    expect(text).toMatch(
      /^collab spawn failed: agent thread limit reached: activeTurns is 1 .*\/root\/a \(since event \d+\)/,
    );
    const refused = of({ events }, 'SlotRefused')[0]!.data;
    expect(refused).toMatchObject({ purpose: 'spawn', path: '/root/b', limit: 'activeTurns', number: 1 });
    expect(refused.holders).toEqual([
      { agentId: f.id('/root/a'), path: '/root/a', since, reservationId: f.turn('/root/a').reservationId },
    ]);
    expect(refused.wouldFree).toContain('interrupt_agent');
    expect(fields).toMatchObject({ code: 'HOLDFAST_SLOTS_TAKEN', refusalId: refused.refusalId });
  });

  test('[SL5][R17] a follow-up that is refused loads, evicts and delivers nothing', () => {
    const f = fleet({ limits: { activeTurns: 1, residents: 1 } });
    f.spawn('/root', 'a');
    f.say('/root/a');
    f.spawn('/root', 'b');
    expect([f.resident('/root/a'), f.resident('/root/b')]).toEqual([true, true]);
    f.say('/root/b');
    f.spawn('/root', 'c');
    expect(f.resident('/root/a')).toBe(false);
    const { events, text } = f.call('/root', 'followup_task', { target: 'a', message: 'more' });
    expect(types({ events })).toEqual(['ToolCallStarted', 'SlotRefused', 'ToolCallEnded']);
    expect(text).toMatch(/^collab tool failed: agent thread limit reached/);
    expect([f.resident('/root/a'), f.resident('/root/b'), f.resident('/root/c')]).toEqual([false, true, true]);
    expect(f.unread('/root/a')).toEqual([]);
  });

  test('[SL5] a full memory is never a slot limit: with all residents busy the outcome depends on slots alone', () => {
    const f = fleet({ limits: { activeTurns: 4, residents: 1 } });
    for (const name of ['a', 'b', 'c', 'd']) expect(f.spawn('/root', name).outcome).toBe('ok');
    expect(f.spawn('/root', 'e').text).toContain('activeTurns');
    expect(f.of('AgentEvicted')).toEqual([]);
  });

  test('[SL5] triggers that were accepted before are queued in both modes: a lowered limit refuses no continuation', () => {
    const f = fleet({ limits: { activeTurns: 2 } });
    f.spawn('/root', 'a');
    f.spawn('/root', 'b');
    f.followup('/root/a', 'more');
    f.limits({ activeTurns: 1 });
    const then = f.say('/root/a');
    expect(types(then).slice(-2)).toEqual(['SlotReleased', 'TurnQueued']);
    expect(f.status('/root/a')).toBe('queued');
    expect(types(f.say('/root/b')).slice(-6)).toContain('TurnStarted');
    expect(f.taken('/root/a')).toEqual(['more']);
  });

  test('[SL5] with `refuse`, a completion that wakes its receiver queues when there is no slot', () => {
    const f = fleet({ limits: { activeTurns: 2 }, roots: [{ prompt: 'go', wake: true }] });
    f.spawn('/root', 'a');
    f.spawn('/root/a', 'b');
    f.say('/root/a');
    f.spawn('/root', 'c');
    const then = f.limits({ activeTurns: 1 });
    expect(types(then)).toEqual(['LimitsChanged']);
    expect(types(f.say('/root/a/b')).slice(-1)).toEqual(['TurnQueued']);
    expect(f.status('/root/a')).toBe('queued');
  });

  test('[SL6][R1] a turn that ends with an unread trigger starts the next one in the same batch, before any other', () => {
    const f = busy();
    f.followup('/root/a', 'second');
    const then = f.say('/root/a', 'first');
    expect(types(then)).toEqual([
      ...['ModelSampled', 'TurnCompleted', 'MailAccepted', 'SlotReleased'],
      ...['SlotReserved', 'SlotCommitted', 'TurnStarted', 'MailConsumed'],
    ]);
    expect(of(then, 'SlotReserved')[0]!.data.purpose).toBe('continuation');
    expect(f.spawn('/root', 'b').outcome).toBe('refused');
  });

  test('[SL6] a follow-up to a running agent is never refused', () => {
    const f = busy();
    expect(f.call('/root', 'followup_task', { target: 'a', message: 'more' }).outcome).toBe('ok');
    expect(f.followup('/root/a', 'and more').refusal).toBeUndefined();
  });

  test('[SL7][R28] releasing an unknown or released reservation changes nothing, also when the slot was given out again', () => {
    const f = busy();
    const { reservationId, agentId, rootId } = f.turn('/root/a');
    f.say('/root/a');
    f.spawn('/root', 'b');
    const held = structuredClone(f.state.slots);
    for (const id of [reservationId!, 'never' as ReservationId])
      f.happened(SlotReleased({ reservationId: id, agentId, rootId, reason: 'aborted' }));
    expect(f.state.slots).toEqual(held);
  });

  test('[SL8] after a crash a reservation without a turn is released as recovered, a turn in progress keeps its slot', () => {
    const f = fleet({ limits: { activeTurns: 2 } });
    f.spawn('/root', 'a');
    f.spawn('/root', 'b');
    f.say('/root/b');
    const [agentId, rootId] = [f.id('/root/b'), f.id('/root')];
    f.happened(SlotReserved({ reservationId: 'r-1' as ReservationId, agentId, rootId, purpose: 'followup' }));
    expect(f.held()).toBe(2);
    const then = f.crash();
    expect(types(then).slice(0, 2)).toEqual(['EngineStarted', 'SlotReleased']);
    expect(of(then, 'SlotReleased')[0]!.data).toMatchObject({ reservationId: 'r-1', reason: 'recovered' });
    expect(f.held()).toBe(1);
    expect(f.runs('/root/a')).toBe(true);
  });
});
