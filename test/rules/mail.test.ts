/** Mail: MA1–MA6, what is accepted, who takes it when, and what a wait answers. */
import { describe, expect, test } from 'vitest';
import { fleet, of, type PaperFleet, types } from './given.ts';

const message = (f: PaperFleet, from: string, target: string, text: string) =>
  f.call(from, 'send_message', { target, message: text });
const followup = (f: PaperFleet, from: string, target: string, text: string) =>
  f.call(from, 'followup_task', { target, message: text });

/** root and its child a, both running; a's child b is idle. */
const family = (more: object = {}) => {
  const f = fleet({ limits: { activeTurns: 2, ...more } });
  f.spawn('/root', 'a');
  f.spawn('/root/a', 'b');
  if (!f.runs('/root/a/b')) f.interrupt('/root/a');
  f.say('/root/a/b', 'b is done');
  if (!f.runs('/root/a')) f.followup('/root/a', 'go on');
  f.call('/root/a', 'list_agents', {});
  return f;
};

describe('accepting', () => {
  test('[MA1] mail and the end of the call that sent it are one batch', () => {
    const { events, outcome, text } = message(family(), '/root', 'a', 'news');
    expect(types({ events })).toEqual(['ToolCallStarted', 'MailAccepted', 'ToolCallEnded']);
    expect([outcome, text]).toEqual(['ok', '']);
  });

  test('[MA1][R12][R19][R20] unread mail survives eviction, interruption and crash, and is taken once, in order', () => {
    const f = family({ residents: 0 });
    message(f, '/root', '/root/a/b', '1');
    f.ask({ do: 'evict', target: '/root/a/b' });
    message(f, '/root', '/root/a/b', '2');
    f.interrupt('/root/a/b');
    f.crash();
    message(f, '/root', '/root/a/b', '3');
    f.followup('/root/a/b', '4');
    expect(f.taken('/root/a/b')).toEqual(['1', '2', '3', '4']);
    expect(f.unread('/root/a/b')).toEqual([]);
  });

  test.each([
    ['', "Empty message can't be sent to an agent"],
    [' \n', "Empty message can't be sent to an agent"],
  ])('[MA1] an empty message (%j) is not sent', (text, said) => {
    const f = family();
    expect(message(f, '/root', 'a', text)).toMatchObject({ outcome: 'error', text: said });
    expect(followup(f, '/root', 'a', text)).toMatchObject({ outcome: 'error', text: said });
  });

  test('[MA2] a message to an idle agent starts no turn; it is the first input of its next turn', () => {
    const f = family();
    expect(types(message(f, '/root', '/root/a/b', 'news'))).not.toContain('TurnStarted');
    expect(f.status('/root/a/b')).toBe('completed');
    followup(f, '/root', '/root/a/b', 'more');
    expect(f.taken('/root/a/b')).toEqual(['news', 'more']);
  });

  test('[MA2] a follow-up starts a turn of an idle agent at once', () => {
    const f = family();
    const { events } = followup(f, '/root', '/root/a/b', 'more');
    expect(types({ events })).toEqual([
      ...['ToolCallStarted', 'MailAccepted', 'ToolCallEnded'],
      ...['SlotReserved', 'SlotCommitted', 'TurnStarted', 'MailConsumed'],
    ]);
    expect(of({ events }, 'SlotReserved')[0]!.data.purpose).toBe('followup');
  });

  test('[MA2] a follow-up to the root is refused, a message to the root is allowed from any depth', () => {
    const f = family();
    f.followup('/root/a/b');
    expect(followup(f, '/root/a', '/root', 'x').text).toBe("Follow-up tasks can't target the root agent");
    expect(message(f, '/root/a/b', '/root', 'x').outcome).toBe('ok');
    expect(f.unread('/root')).toEqual(['x']);
  });

  test('[MA2] a message to oneself is accepted and taken at the next step', () => {
    const f = family();
    const sent = message(f, '/root/a', '/root/a', 'note');
    expect(types(sent)).toEqual(['ToolCallStarted', 'MailAccepted', 'ToolCallEnded', 'MailConsumed']);
  });
});

describe('taking', () => {
  test('[MA3][R19] a turn takes all unread mail at its start and before each further sampling, in order', () => {
    const f = family();
    message(f, '/root', 'a', '1');
    followup(f, '/root', 'a', '2');
    expect(f.unread('/root/a')).toEqual(['1', '2']);
    const { events } = f.call('/root/a', 'list_agents', {});
    expect(types({ events })).toEqual(['ToolCallStarted', 'ToolCallEnded', 'MailConsumed', 'MailConsumed']);
    expect(f.taken('/root/a').slice(-2)).toEqual(['1', '2']);
  });

  test('[MA3] of several calls only the last end is followed by a sampling, and only then mail is taken', () => {
    const f = family();
    message(f, '/root', 'a', '1');
    const [first, second] = f.calls('/root/a', ['list_agents', {}], ['list_agents', {}]);
    expect([types(first!), types(second!).slice(-1)]).toEqual([['ToolCallStarted', 'ToolCallEnded'], ['MailConsumed']]);
  });

  test('[MA3] the pause before a retry takes mail too: it is there before that sampling', () => {
    const f = family();
    message(f, '/root', 'a', 'before');
    expect(types(f.fail('/root/a', 'overloaded', true))).toEqual(['SamplingEnded', 'MailConsumed']);
    expect(types(message(f, '/root', 'a', 'meanwhile')).slice(-1)).toEqual(['MailConsumed']);
    f.now += 60_000;
    expect(types(message(f, '/root', 'a', 'too late')).slice(-1)).toEqual(['ToolCallEnded']);
    expect(f.unread('/root/a')).toEqual(['too late']);
  });

  test('[MA3] a final answer ends the turn also when mail came in during it; a message waits for the next turn', () => {
    const f = family();
    message(f, '/root', 'a', 'late');
    expect(types(f.say('/root/a'))).toEqual(['ModelSampled', 'TurnCompleted', 'MailAccepted', 'SlotReleased']);
    expect(f.unread('/root/a')).toEqual(['late']);
    expect(f.status('/root/a')).toBe('completed');
  });

  test('[MA3][SL6] a trigger that came in during the last sampling starts the next turn, which takes all of it', () => {
    const f = family();
    message(f, '/root', 'a', '1');
    followup(f, '/root', 'a', '2');
    expect(types(f.say('/root/a'))).toContain('TurnStarted');
    expect(f.taken('/root/a')).toEqual(['1', '2']);
  });
});

describe('giving back', () => {
  test('[MA6][R19][R20] an interrupted turn returns what no model has seen, to its place, its trigger spent', () => {
    const f = family();
    f.followup('/root/a/b', 'first');
    message(f, '/root', '/root/a/b', 'second');
    const then = f.interrupt('/root/a/b');
    expect(types(then)).toEqual(['SamplingEnded', 'MailReturned', 'TurnInterrupted', 'SlotReleased']);
    expect(f.unread('/root/a/b')).toEqual(['first', 'second']);
    expect(f.status('/root/a/b')).toBe('interrupted');
    followup(f, '/root', '/root/a/b', 'third');
    expect(f.taken('/root/a/b')).toEqual(['first', 'second', 'third']);
  });

  test('[MA6] what a model has seen is not returned', () => {
    const f = family();
    f.followup('/root/a/b', 'first');
    f.call('/root/a/b', 'list_agents', {});
    expect(types(f.interrupt('/root/a/b'))).toEqual(['SamplingEnded', 'TurnInterrupted', 'SlotReleased']);
    expect(f.unread('/root/a/b')).toEqual([]);
  });

  test('[MA6][TU3] a failed call of the model is not "seen": the failure of the turn returns the mail', () => {
    const f = family();
    f.followup('/root/a/b', 'first');
    f.fail('/root/a/b', 'overloaded', true);
    const then = f.fail('/root/a/b', 'gone', false);
    expect(types(then)).toEqual(['SamplingEnded', 'MailReturned', 'TurnFailed', 'MailAccepted', 'SlotReleased']);
    expect(f.status('/root/a/b')).toBe('failed');
    expect(f.unread('/root/a/b')).toEqual(['first']);
  });

  test('[MA6] a trigger that was still unread is not spent by the interruption: it starts the next turn at once', () => {
    const f = family();
    f.followup('/root/a/b', 'first');
    f.followup('/root/a/b', 'second');
    expect(types(f.interrupt('/root/a/b'))).toEqual([
      ...['SamplingEnded', 'MailReturned', 'TurnInterrupted', 'SlotReleased'],
      ...['SlotReserved', 'SlotCommitted', 'TurnStarted', 'MailConsumed', 'MailConsumed'],
    ]);
    expect(f.taken('/root/a/b')).toEqual(['first', 'second']);
    expect(types(f.interrupt('/root/a/b'))).toEqual([
      ...['SamplingEnded', 'MailReturned', 'MailReturned', 'TurnInterrupted', 'SlotReleased'],
    ]);
  });
});

describe('completions', () => {
  test('[MA4][R21] the end of a turn and the mail to the parent are one batch, also when the parent is evicted', () => {
    const f = fleet({ limits: { activeTurns: 3, residents: 0 } });
    f.spawn('/root', 'a');
    f.spawn('/root/a', 'b');
    f.say('/root/a');
    f.ask({ do: 'evict', target: '/root/a' });
    const then = f.say('/root/a/b', 'green');
    expect(of(then, 'MailAccepted')[0]!.data).toMatchObject({
      ...{ from: f.id('/root/a/b'), fromPath: '/root/a/b', to: f.id('/root/a'), kind: 'completion' },
      ...{ trigger: false, text: 'green', ofTurn: of(then, 'TurnCompleted')[0]!.data.turnId },
    });
    expect([f.resident('/root/a'), f.unread('/root/a')]).toEqual([false, ['green']]);
  });

  test('[MA4] two turns give two completions, an interrupted one none', () => {
    const f = family();
    f.say('/root/a', 'one');
    f.followup('/root/a');
    f.say('/root/a', 'two');
    f.followup('/root/a');
    f.interrupt('/root/a');
    expect(f.unread('/root')).toEqual(['one', 'two']);
  });

  test('[MA4][TU3] a failure tells the parent what failed, cut to about 900 tokens, and that the agent is still there', () => {
    const f = family();
    f.fail('/root/a', 'x'.repeat(5000));
    const [told] = f.unread('/root');
    expect(told).toMatch(/^Agent errored: x{3600}…\n\nThis agent's turn failed\./);
    expect(f.status('/root/a')).toBe('failed');
  });

  test('[MA4][R23][TU4] a completion that comes while the parent is compacted or restarted is delivered once', () => {
    const f = family();
    f.compact('/root', 'so far so good');
    f.say('/root/a', 'green');
    f.crash();
    f.compact('/root', 'still good');
    f.call('/root', 'list_agents', {});
    expect(f.taken('/root').filter((text) => text === 'green')).toEqual(['green']);
  });

  test('[MA4] a completion starts no turn of an idle parent, unless its config says `wake`', () => {
    const f = fleet({
      roots: [
        { name: 'x', prompt: '1' },
        { name: 'y', prompt: '2', wake: true },
      ],
    });
    for (const root of ['x:/root', 'y:/root']) {
      f.spawn(root, 'a');
      f.say(root);
    }
    expect(types(f.say('x:/root/a'))).not.toContain('TurnStarted');
    const then = f.say('y:/root/a', 'green');
    expect(types(then).slice(-2)).toEqual(['TurnStarted', 'MailConsumed']);
    expect(f.taken('y:/root')).toEqual(['green']);
  });

  test('[MA4][R22] a child that dies before its model was ever asked has told its parent in that very batch', () => {
    const f = family();
    f.followup('/root/a/b');
    const then = f.ask({ do: 'loadFailed', agentId: f.id('/root/a/b'), error: 'no memory' }, 'engine');
    expect(types(then)).toEqual(['SamplingEnded', 'MailReturned', 'TurnFailed', 'MailAccepted', 'SlotReleased']);
    expect(f.unread('/root/a')).toHaveLength(1);
  });

  test('[MA4] roots tell nobody', () => {
    expect(types(family().say('/root'))).toEqual(['ModelSampled', 'TurnCompleted']);
  });
});

describe('waiting', () => {
  const wait = (f: PaperFleet, path: string, timeout_ms?: number) =>
    f.call(path, 'wait_agent', timeout_ms === undefined ? {} : { timeout_ms });
  const done = (from: string, note = '') =>
    JSON.stringify({ message: `Wait completed. New mail from ${from}.${note}`, timed_out: false });
  const nothing = 'Nothing to wait for: no unread mail, and no other agent of this tree is running or queued.';

  test('[MA5] returns at once when there is mail the caller was not told of, and names who it is from', () => {
    const f = family();
    message(f, '/root/a', '/root', '1');
    message(f, '/root/a', '/root', '2');
    const { events, text, fields } = wait(f, '/root');
    expect(types({ events })).toEqual(['ToolCallStarted', 'ToolCallEnded', 'MailConsumed', 'MailConsumed']);
    expect(text).toBe(done('/root/a'));
    expect(fields).toMatchObject({ from: ['/root/a'] });
  });

  test('[MA5] consumes nothing: the mail goes in with the next sampling, and a second wait of the list does not name it again', () => {
    const f = family();
    message(f, '/root/a', '/root', '1');
    const [first, second] = f.calls('/root', ['wait_agent', {}], ['wait_agent', {}]);
    expect([first!.text, second!.outcome]).toEqual([done('/root/a'), undefined]);
    expect(f.unread('/root')).toEqual(['1']);
    const answered = message(f, '/root/a', '/root', '2');
    expect(types(answered)).toEqual([
      ...['ToolCallStarted', 'MailAccepted', 'ToolCallEnded', 'ToolCallEnded', 'MailConsumed', 'MailConsumed'],
    ]);
  });

  test('[MA5] a second wait of the list names only who wrote since the first was answered', () => {
    const f = family();
    f.spawn('/root', 'b');
    message(f, '/root/a', '/root', '1');
    const [first, second] = f.calls('/root', ['wait_agent', {}], ['wait_agent', {}]);
    message(f, '/root/b', '/root', '2');
    expect(f.result(first!.id).fields).toMatchObject({ from: ['/root/a'] });
    expect(f.result(second!.id).fields).toMatchObject({ from: ['/root/b'] });
  });

  test('[MA5] one word of the operator among others is told as new input', () => {
    const f = family();
    message(f, '/root/a', '/root', '1');
    f.ask({ do: 'send', target: '/root', text: '2' });
    const { text, fields } = wait(f, '/root');
    expect(text).toContain('Wait interrupted by new input. New mail from /root/a, operator.');
    expect(fields).toMatchObject({ from: ['/root/a', 'operator'] });
  });

  test('[MA5] each wait of a list has its own deadline, and a time-out names nobody', () => {
    const f = family();
    const [short, long] = f.calls('/root', ['wait_agent', { timeout_ms: 20_000 }], ['wait_agent', {}]);
    const then = f.ask({ do: 'waitExpired', turnId: f.turn('/root').turnId, callId: short!.id }, 'engine');
    expect(of(then, 'ToolCallEnded').map((e) => e.data.callId)).toEqual([short!.id]);
    expect(f.result(short!.id).fields).toMatchObject({ timed_out: true, from: [] });
    expect(f.result(long!.id).outcome).toBeUndefined();
  });

  test('[MA5] waits are answered in the order in which they began, whatever their ids look like', () => {
    const f = family();
    const item = (id: string) => ({ call: 'wait_agent', id, args: {} });
    f.sampled('/root', [item('10'), item('2')]);
    expect(
      of(message(f, '/root/a', '/root', '1'), 'ToolCallEnded')
        .map((e) => e.data.callId)
        .slice(-2),
    ).toEqual(['10', '2']);
  });

  test('[MA5] an open wait is answered in the batch that brings the mail, any mail', () => {
    const f = family();
    const { id } = wait(f, '/root');
    const { events } = message(f, '/root/a', '/root', 'news');
    expect(of({ events }, 'ToolCallEnded').at(-1)).toMatchObject({
      by: 'engine',
      cause: of({ events }, 'MailAccepted')[0]!.position,
      data: { callId: id, outcome: 'ok' },
    });
  });

  test('[MA5] a steer from the operator interrupts it, and the children go on', () => {
    const f = family();
    const { id } = wait(f, '/root');
    f.ask({ do: 'send', target: '/root', text: 'hurry' });
    expect(f.result(id).text).toBe(
      '{"message":"Wait interrupted by new input. New mail from operator.","timed_out":false}',
    );
    expect(f.runs('/root/a')).toBe(true);
  });

  test('[MA5][R40] returns at once, saying so, when there is nothing to wait for', () => {
    const f = family();
    f.say('/root/a');
    f.call('/root', 'list_agents', {});
    const { text } = wait(f, '/root');
    expect(text).toBe(JSON.stringify({ message: nothing, timed_out: false }));
  });

  test('[MA5][R40] waits that have only each other are all answered, on one state', () => {
    const f = family();
    wait(f, '/root/a');
    const { events } = wait(f, '/root');
    const ended = of({ events }, 'ToolCallEnded');
    expect(ended.map((e) => e.data.agentId).sort()).toEqual([f.id('/root'), f.id('/root/a')].sort());
    expect(ended.map((e) => e.data.output.fields!.message)).toEqual([nothing, nothing]);
  });

  test('[MA5] a wait ends with the last other turn that is interrupted or closed, as no mail will come', () => {
    for (const end of ['interrupt', 'close'] as const) {
      const f = family();
      const { id } = wait(f, '/root');
      f[end]('/root/a');
      expect(f.result(id).fields).toMatchObject({ message: nothing });
    }
  });

  test.each([
    ['refuse', ['spawn_agent', { task_name: 'c', message: 'go' }]],
    ['refuse', ['followup_task', { target: 'b', message: 'go' }]],
    ['queue', ['spawn_agent', { task_name: 'c', message: 'go' }]],
    ['queue', ['followup_task', { target: 'b', message: 'go' }]],
  ] as const)(
    '[MA5][SL9] with `%s`, who starts or queues in the very batch is worth waiting for: %j',
    (whenFull, behind) => {
      const f = family({ activeTurns: whenFull === 'queue' ? 1 : 2, whenFull });
      const { id } = wait(f, '/root');
      f.ask({ do: 'send', target: '/root/a', text: 'hurry' });
      // The second wait has nothing new to tell, and stays open.
      const [, second] = f.calls('/root/a', ['wait_agent', {}], ['wait_agent', {}], behind);
      expect([f.result(id), f.result(second!.id)]).toEqual([{}, {}]);
    },
  );

  test('[MA5][SL6] a turn that is interrupted and goes on with its next task is worth waiting for', () => {
    const f = family();
    f.followup('/root/a', 'next');
    const { id } = wait(f, '/root');
    f.interrupt('/root/a');
    expect([f.result(id), f.runs('/root/a')]).toEqual([{}, true]);
  });

  test('[MA5] a wait beside an open command counts its turn as running, and has itself nothing to wait for', () => {
    const f = family();
    f.say('/root/a');
    f.call('/root', 'list_agents', {});
    const [exec, waiting] = f.calls('/root', ['exec_command', { cmd: 'make' }], ['wait_agent', {}]);
    expect([exec!.outcome, waiting!.fields?.message]).toEqual([undefined, nothing]);
  });

  test.each([
    [50, 10_000, '\n\nRequested timeout of 50ms was clamped to the minimum of 10000ms.'],
    [undefined, 30_000, ''],
    [9_999_999, 3_600_000, '\n\nRequested timeout of 9999999ms was clamped to the maximum of 3600000ms.'],
  ])('[MA5] a time-out of %j becomes %d ms, with a note when it was clamped', (asked, ms, note) => {
    const f = family();
    const { id, events } = wait(f, '/root', asked);
    expect(of({ events }, 'ToolCallStarted')[0]!.data.until).toBe(f.now + ms);
    f.now += ms;
    const then = f.ask({ do: 'waitExpired', turnId: f.turn('/root').turnId, callId: id }, 'engine');
    expect(types(then)).toEqual(['ToolCallEnded']);
    expect(f.result(id).text).toBe(JSON.stringify({ message: `Wait timed out.${note}`, timed_out: true }));
  });

  test('[MA5] a wait in one tree is not concerned by another', () => {
    const f = fleet({
      roots: [
        { name: 'x', prompt: '1' },
        { name: 'y', prompt: '2' },
      ],
    });
    expect(wait(f, 'x:/root').fields).toMatchObject({ message: nothing });
    expect(f.runs('y:/root')).toBe(true);
  });
});
