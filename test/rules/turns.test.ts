/** Turns as decisions: TU1–TU8, their ends, their resumption, and what status says of them. */
import { describe, expect, test } from 'vitest';
import type { Item } from '../../events/turn.ts';
import { ModelSampled } from '../../events/turn.ts';
import type { HistoryItem } from '../../projections/history.ts';
import { emptyHistory, inherited, remember } from '../../projections/history.ts';
import { statusOf } from '../../projections/status.ts';
import { toolTable } from '../../src/decide/tools/table.ts';
import { react } from '../../src/engine/react.ts';
import { fleet, of, type PaperFleet, types } from './given.ts';

const worker = (more: object = {}) => {
  const f = fleet(more);
  f.spawn('/root', 'a');
  return f;
};

const historyOf = (f: PaperFleet, path: string): HistoryItem[] => {
  const agentId = f.id(path);
  const history = emptyHistory();
  for (const event of f.events) remember(history, agentId, event);
  return history.items;
};

describe('interruption', () => {
  test('[TU1] an agent has one turn at a time: what comes meanwhile waits', () => {
    const f = worker();
    for (const text of ['1', '2', '3']) f.followup('/root/a', text);
    expect(Object.values(f.state.turns).filter((t) => t.agentId === f.id('/root/a'))).toHaveLength(1);
  });

  test('[TU1] hits only the turn: agent and children stay, known and in memory, and the children run on', () => {
    const f = worker();
    f.spawn('/root/a', 'b');
    const { text } = f.call('/root', 'interrupt_agent', { target: 'a' });
    expect(text).toBe('{"previous_status":"running"}');
    expect([f.status('/root/a'), f.status('/root/a/b'), f.resident('/root/a')]).toEqual([
      'interrupted',
      'running',
      true,
    ]);
  });

  test('[TU1] of an idle or interrupted agent does nothing', () => {
    const f = worker();
    f.interrupt('/root/a');
    const then = f.interrupt('/root/a');
    expect([then.events, then.answer]).toEqual([
      [],
      { path: '/root/a', previousStatus: 'interrupted', interrupted: false },
    ]);
  });

  test('[TU2] during a sampling: it ends as cancelled, the turn as interrupted, with the note the model will see', () => {
    const f = worker();
    f.call('/root/a', 'list_agents', {});
    const n = f.agent('/root/a').samplings + 1;
    const then = f.interrupt('/root/a');
    expect(types(then)).toEqual(['SamplingEnded', 'TurnInterrupted', 'SlotReleased']);
    expect(of(then, 'SamplingEnded')[0]!.data).toMatchObject({ n, outcome: 'cancelled' });
    const { interruptedBy, reason, note } = of(then, 'TurnInterrupted')[0]!.data;
    expect([interruptedBy, reason]).toEqual(['operator', 'interrupted by the operator']);
    expect(note).toMatch(/interrupted on purpose/);
    expect(historyOf(f, '/root/a').at(-1)).toMatchObject({ kind: 'note', text: note });
  });

  test('[TU2] during calls: each open one ends as cancelled, in order; no sampling ends, as none is under way', () => {
    const f = worker();
    f.calls('/root/a', ['exec_command', { cmd: 'one' }], ['wait_agent', {}], ['exec_command', { cmd: 'two' }]);
    f.now += 1600;
    const then = f.interrupt('/root/a');
    expect(types(then)).toEqual(['ToolCallEnded', 'ToolCallEnded', 'ToolCallEnded', 'TurnInterrupted', 'SlotReleased']);
    const ended = of(then, 'ToolCallEnded').map((e) => e.data);
    expect(ended.map((e) => e.outcome)).toEqual(['cancelled', 'cancelled', 'cancelled']);
    expect(ended[0]!.output.text).toMatch(/^Wall time: 1\.6 seconds\naborted/);
    expect(f.of('ProcessStopRequested')).toEqual([]);
  });

  test('[TU2] in the pause before a retry no sampling is under way, and none is ended', () => {
    const f = worker();
    f.fail('/root/a', 'overloaded', true);
    expect(types(f.interrupt('/root/a'))).toEqual(['MailReturned', 'TurnInterrupted', 'SlotReleased']);
    const g = worker();
    g.fail('/root/a', 'overloaded', true);
    g.now += 500;
    expect(types(g.interrupt('/root/a'))[0]).toBe('SamplingEnded');
  });

  test('[TU2] late results of model, tools, waits and loads are dropped without an event', () => {
    const f = worker();
    const exec = f.call('/root/a', 'exec_command', { cmd: 'make' });
    const { turnId } = f.turn('/root/a');
    const n = f.agent('/root/a').samplings + 1;
    f.interrupt('/root/a');
    f.followup('/root/a', 'again');
    const { position } = f;
    for (const late of [
      { do: 'endCall', turnId, callId: exec.id, outcome: 'ok', output: { text: 'late' } },
      { do: 'waitExpired', turnId, callId: exec.id },
      { do: 'sampled', turnId, n, items: [{ say: 'late' }] },
      { do: 'samplingFailed', turnId, n, error: 'late', retryable: false },
      { do: 'carryOut', turnId },
      { do: 'compacted', turnId, n, summary: 'late' },
    ] as const)
      f.ask(late, 'engine');
    expect(f.position).toBe(position);
  });

  test('[TU2] a sampling that was asked for before, and one that has been answered, are dropped', () => {
    const f = worker();
    const { turnId } = f.turn('/root/a');
    f.fail('/root/a', 'overloaded', true);
    const { position } = f;
    for (const n of [1, 3]) f.ask({ do: 'sampled', turnId, n, items: [{ say: 'x' }] }, 'engine');
    expect(f.position).toBe(position);
    expect(types(f.ask({ do: 'sampled', turnId, n: 2, items: [{ say: 'x' }] }, 'engine'))).toContain('TurnCompleted');
  });

  test('[TU2] effects name driver and tools of just this turn, to let go after the batch', () => {
    const f = worker();
    f.call('/root/a', 'exec_command', { cmd: 'make' });
    const { turnId } = f.turn('/root/a');
    const then = f.interrupt('/root/a');
    expect(react(f.state, then.events)).toEqual([
      { do: 'cancel', turnId, callId: of(then, 'ToolCallEnded')[0]!.data.callId },
      { do: 'cancelTurn', turnId },
    ]);
  });

  test('[TU2] calls that the model asked for and nobody decided are answered in the history too', () => {
    const f = worker();
    const { turnId, agentId } = f.turn('/root/a');
    const items: CallItem[] = [{ call: 'list_agents', id: 'x1', args: {} }];
    f.happened(ModelSampled({ turnId, agentId, n: 1, items }));
    f.interrupt('/root/a');
    expect(historyOf(f, '/root/a').filter((i) => i.kind === 'result')).toMatchObject([
      { callId: 'x1', outcome: 'cancelled' },
    ]);
  });
});

type CallItem = Extract<Item, { call: string }>;

describe('calls', () => {
  test.each(Object.keys(toolTable))(
    '[I9][R27] %s with wrong arguments starts and ends in one batch, without any effect',
    (tool) => {
      const f = worker();
      for (const args of [{ no_such: 1 }, { target: '', message: '', task_name: '', cmd: '', session_id: -1 }, []]) {
        const { events, outcome, text } = f.call('/root/a', tool, args);
        expect(types({ events })).toEqual(['ToolCallStarted', 'ToolCallEnded']);
        expect([outcome, text!.split(':')[0]]).toEqual(['error', 'failed to parse function arguments']);
      }
    },
  );

  test('[I9] an unknown tool is answered in the words that models know', () => {
    const { outcome, text } = worker().call('/root/a', 'no_such_tool', {});
    expect([outcome, text]).toEqual(['error', 'unsupported call: no_such_tool']);
  });

  test('[I9] arguments that a script could not fill in end the call with what is missing', () => {
    const f = worker();
    f.sampled('/root/a', [{ call: 'write_stdin', id: 'w', args: {}, invalid: 'b1.session_id is not there' }]);
    expect(f.result('w')).toMatchObject({ outcome: 'error', text: 'b1.session_id is not there' });
  });
});

describe('a failing model', () => {
  test('[TU3] is asked again with doubling pauses up to a maximum, then the turn fails', () => {
    const f = worker({ retry: { attempts: 5, baseMs: 100, maxMs: 300 } });
    const pauses = [1, 2, 3, 4].map(
      () => of(f.fail('/root/a', 'overloaded', true), 'SamplingEnded')[0]!.data.retryInMs,
    );
    expect(pauses).toEqual([100, 200, 300, 300]);
    const then = f.fail('/root/a', 'overloaded', true);
    expect(of(then, 'SamplingEnded')[0]!.data).not.toHaveProperty('retryInMs');
    expect(types(then).slice(-3)).toEqual(['TurnFailed', 'MailAccepted', 'SlotReleased']);
  });

  test('[TU3] failures are counted in a row: an answer starts the count again', () => {
    const f = worker({ retry: { attempts: 2, baseMs: 100 } });
    f.fail('/root/a', 'overloaded', true);
    f.call('/root/a', 'list_agents', {});
    expect(types(f.fail('/root/a', 'overloaded', true))).toEqual(['SamplingEnded']);
    expect(types(f.fail('/root/a', 'overloaded', true))).toContain('TurnFailed');
  });

  test('[TU3] what no retry can mend fails at once', () => {
    expect(types(worker().fail('/root/a', 'no such model', false))).toContain('TurnFailed');
  });

  test('[TU3] the retry is an effect with its time', () => {
    const f = worker({ retry: { baseMs: 700 } });
    const then = f.fail('/root/a', 'overloaded', true);
    const { turnId, agentId } = f.turn('/root/a');
    expect(react(f.state, then.events)).toEqual([{ do: 'sample', turnId, agentId, n: 2, notBefore: f.now + 700 }]);
  });
});

describe('a long history', () => {
  test('[TU4][R23] is compacted up to the newest answer; that, its results and later mail are kept', () => {
    const f = worker();
    f.call('/root', 'send_message', { target: 'a', message: 'early' });
    f.call('/root/a', 'list_agents', {});
    f.call('/root/a', 'list_agents', {});
    f.call('/root', 'send_message', { target: 'a', message: 'late' });
    const kept = historyOf(f, '/root/a').slice(-2);
    f.compact('/root/a', 'so far');
    const history = historyOf(f, '/root/a');
    expect(history.map(({ kind }) => kind)).toEqual(['summary', 'call', 'result', 'mail']);
    expect(history[0]).toMatchObject({ text: 'so far' });
    expect(history.slice(1, 3)).toEqual(kept);
    expect(history[3]).toMatchObject({ text: 'late' });
  });

  test('[TU4][TU8] a summary is a sampling with a number of its own, and the turn goes on with the next one', () => {
    const f = worker();
    f.call('/root/a', 'list_agents', {});
    const { turnId, agentId } = f.turn('/root/a');
    const n = f.agent('/root/a').samplings + 1;
    const then = f.ask(
      { do: 'samplingFailed', turnId, n, error: 'too long', retryable: false, overflow: true },
      'engine',
    );
    expect(react(f.state, then.events)).toEqual([{ do: 'sample', turnId, agentId, n: n + 1, notBefore: 0 }]);
    f.ask({ do: 'sampled', turnId, n: n + 1, items: [{ say: 'not asked for' }] }, 'engine');
    expect(f.position).toBe(then.events.at(-1)!.position);
    const summary = f.ask({ do: 'compacted', turnId, n: n + 1, summary: 'so far' }, 'engine');
    expect(react(f.state, summary.events)).toEqual([{ do: 'sample', turnId, agentId, n: n + 2, notBefore: 0 }]);
    expect(f.turn('/root/a').overflows).toBeUndefined();
  });

  test('[TU4] that stays too long, also for a summary, fails the turn in the end', () => {
    const f = worker();
    f.call('/root/a', 'list_agents', {});
    const { turnId } = f.turn('/root/a');
    const tooLong = () => {
      const n = f.agent('/root/a').samplings + 1;
      f.ask({ do: 'samplingFailed', turnId, n, error: 'too long', retryable: false, overflow: true }, 'engine');
    };
    for (let times = 1; times <= 4; times += 1) {
      tooLong();
      expect(f.turn('/root/a').overflows).toBe(times);
    }
    tooLong();
    expect(f.status('/root/a')).toBe('failed');
  });

  test('[TU4][MA6][R23] keeps mail that no model has answered to, and an interruption gives it back', () => {
    const f = worker();
    f.call('/root', 'send_message', { target: 'a', message: 'unseen' });
    f.call('/root/a', 'list_agents', {});
    f.compact('/root/a', 'so far');
    f.ask({ do: 'interrupt', target: '/root/a' });
    f.ask({ do: 'send', target: '/root/a', text: 'go on', followup: true });
    const mail = historyOf(f, '/root/a').flatMap((item) => (item.kind === 'mail' ? [item.text] : []));
    expect(mail).toEqual(['unseen', 'go on']);
  });
});

describe('status', () => {
  test('[TU5] says since when, by which event, and what a waiting one waits for', () => {
    const f = fleet({ limits: { activeTurns: 1, whenFull: 'queue' } });
    const status = (path: string) => statusOf(f.state, f.agent(path));
    const from = f.now;
    f.spawn('/root', 'a');
    f.now += 1000;
    f.spawn('/root/a', 'b');
    const queued = f.of('TurnQueued')[0]!.position;
    expect(status('/root/a/b')).toEqual({ is: 'queued', since: from + 1000, position: queued });
    expect(status('/root/a')).toMatchObject({ is: 'running', since: from, what: 'model' });
    f.spawn('/root', 'c');
    f.now += 1000;
    const { events } = f.call('/root/a', 'wait_agent', {});
    const started = of({ events }, 'ToolCallStarted')[0]!.position;
    expect(status('/root/a')).toEqual({
      is: 'waiting',
      since: from + 2000,
      position: started,
      what: 'mail (wait_agent)',
    });
    f.say('/root/a/b');
    expect(status('/root/a')).toMatchObject({ is: 'waiting', what: 'a slot to go on' });
    f.say('/root/c');
    f.call('/root/a', 'exec_command', { cmd: 'make' });
    expect(status('/root/a')).toMatchObject({ is: 'running', what: 'exec_command' });
    f.interrupt('/root/a');
    expect(status('/root/a')).toEqual({
      is: 'interrupted',
      since: f.now,
      position: f.of('TurnInterrupted')[0]!.position,
    });
  });

  test('[TU5] of ended turns gives the last message, the error, or that it is closed', () => {
    const f = worker();
    f.say('/root/a', 'green');
    expect(statusOf(f.state, f.agent('/root/a'))).toMatchObject({ is: 'completed', what: 'green' });
    f.followup('/root/a');
    f.fail('/root/a', 'no model');
    expect(statusOf(f.state, f.agent('/root/a'))).toMatchObject({ is: 'failed', what: 'no model' });
    const agent = f.agent('/root/a');
    f.close('/root/a');
    expect(statusOf(f.state, f.state.agents[agent.agentId]!)).toMatchObject({ is: 'closed' });
  });

  test('[TU5][R13] mail does not change the status of an idle agent', () => {
    const f = worker();
    f.say('/root/a', 'green');
    f.call('/root', 'send_message', { target: 'a', message: 'news' });
    f.crash();
    expect(f.status('/root/a')).toBe('completed');
  });
});

describe('after a crash', () => {
  test('[TU6] a turn in progress goes on: loaded, resumed with its open calls, the cut-off sampling asked again', () => {
    const f = worker();
    const exec = f.call('/root/a', 'exec_command', { cmd: 'make' });
    const then = f.crash();
    const resumed = ['AgentLoaded', 'TurnResumed'];
    expect(types(then)).toEqual(['EngineStarted', 'ProcessDetached', ...resumed, ...resumed, 'ProcessReattached']);
    expect(of(then, 'TurnResumed').map((e) => e.data.calls)).toEqual([[], [exec.id]]);
    const [root, a] = [f.turn('/root'), f.turn('/root/a')];
    expect(react(f.state, then.events)).toEqual([
      { do: 'reconcile', open: [1000], stopping: [] },
      { do: 'load', agentId: root.agentId },
      { do: 'load', agentId: a.agentId },
      { do: 'collect', turnId: a.turnId, callId: exec.id, resumed: true },
      { do: 'sample', turnId: root.turnId, agentId: root.agentId, n: f.agent('/root').samplings + 1, notBefore: 0 },
    ]);
  });

  test('[TU6] calls of the newest list that nobody decided are decided now, in list order', () => {
    const f = worker();
    const { turnId, agentId } = f.turn('/root/a');
    const items: CallItem[] = [
      { call: 'spawn_agent', id: 'x1', args: { task_name: 'b', message: 'go' } },
      { call: 'send_message', id: 'x2', args: { target: 'b', message: 'hi' } },
    ];
    f.happened(ModelSampled({ turnId, agentId, n: 1, items }));
    f.crash();
    expect([f.result('x1').outcome, f.result('x2').outcome]).toEqual(['ok', 'ok']);
    expect(f.unread('/root/a/b')).toEqual(['hi']);
  });

  test('[TU6] a wait keeps its first deadline, parked or not', () => {
    const f = fleet({ limits: { activeTurns: 1, whenFull: 'queue' } });
    f.spawn('/root', 'a');
    f.spawn('/root/a', 'b');
    const waits = [f.call('/root/a', 'wait_agent', {}), f.call('/root', 'wait_agent', { timeout_ms: 60_000 })];
    const at = f.now;
    f.now += 20_000;
    const effects = react(f.state, f.crash().events).filter((e) => e.do === 'expire');
    expect(effects).toEqual([
      { do: 'expire', turnId: f.turn('/root/a').turnId, callId: waits[0]!.id, at: at + 30_000 },
      { do: 'expire', turnId: f.turn('/root').turnId, callId: waits[1]!.id, at: at + 60_000 },
    ]);
  });

  test('[TU6] with `onCrash: interrupt` unfinished turns end instead, and their triggers are spent', () => {
    const f = worker({ onCrash: 'interrupt' });
    const then = f.crash();
    expect(types(then)).toEqual([
      ...['EngineStarted', 'SamplingEnded', 'TurnInterrupted'],
      ...['SamplingEnded', 'MailReturned', 'TurnInterrupted', 'SlotReleased'],
    ]);
    expect([f.status('/root'), f.status('/root/a'), f.held()]).toEqual(['interrupted', 'interrupted', 0]);
  });

  test('[TU6] `onCrash: interrupt` does not concern a stop in order', () => {
    const f = worker({ onCrash: 'interrupt' });
    f.ask({ do: 'stop', reason: 'asked to' }, 'engine');
    f.crash();
    expect([f.status('/root'), f.status('/root/a')]).toEqual(['running', 'running']);
  });

  test('[TU6][SL8] resuming twice changes no more than resuming once', () => {
    const f = worker();
    f.crash();
    const state = structuredClone(f.state);
    f.crash();
    const still = ['slots', 'mail', 'roots', 'rootNames', 'processes', 'activity'] as const;
    for (const room of still) expect(f.state[room]).toEqual(state[room]);
    expect(Object.keys(f.state.turns)).toEqual(Object.keys(state.turns));
  });
});

describe('a fork', () => {
  const items = (f: PaperFleet, path: string, turns: 'all' | number) => {
    const parent = { items: historyOf(f, path), waiting: {}, open: [] };
    return inherited(parent, turns).map((i) => ('text' in i ? i.text : i.kind));
  };
  const parent = () => {
    const f = fleet({ roots: [{ prompt: 'first task' }] });
    f.spawn('/root', 'sibling');
    f.say('/root/sibling', 'of the sibling');
    f.sampled('/root', [{ say: 'thinking aloud' }, { call: 'list_agents', id: 'l1', args: {} }]);
    f.say('/root', 'first answer');
    f.followup('/root', 'second task');
    f.say('/root', 'second answer');
    f.followup('/root', 'third task');
    return f;
  };

  test('[TU7][R39] refers to its parent at a position: tasks and final answers, no calls, results or mail of others', () => {
    const f = parent();
    const before = f.position;
    const { events } = f.call('/root', 'spawn_agent', { task_name: 'child', message: 'go' });
    const { forkedFrom } = of({ events }, 'AgentSpawned')[0]!.data;
    expect(forkedFrom).toMatchObject({ agentId: f.id('/root'), turns: 'all' });
    expect(forkedFrom!.position).toBeGreaterThan(before);
    expect(items(f, '/root', 'all')).toEqual([
      ...['first task', 'first answer', 'second task', 'second answer', 'third task'],
    ]);
  });

  test('[TU7] with N sees the last N turns, and never what came before the first one', () => {
    const f = parent();
    expect(items(f, '/root', 1)).toEqual(['third task']);
    expect(items(f, '/root', 2)).toEqual(['second task', 'second answer', 'third task']);
    expect(items(f, '/root', 9)[0]).toBe('first task');
  });

  test.each([
    [{}, 'all'],
    [{ fork_turns: '' }, 'all'],
    [{ fork_turns: 'all' }, 'all'],
    [{ fork_turns: '3' }, 3],
    [{ fork_turns: 'none' }, undefined],
    [{ model: 'script' }, undefined],
  ])('[TU7] %j forks %j', (more, turns) => {
    const f = fleet();
    const { events } = f.call('/root', 'spawn_agent', { task_name: 'a', message: 'go', ...more });
    expect(of({ events }, 'AgentSpawned')[0]!.data.forkedFrom?.turns).toEqual(turns);
  });

  test.each([
    [{ fork_turns: '0' }, 'fork_turns must be `none`, `all`, or a positive integer string'],
    [{ fork_turns: '-1' }, 'fork_turns must be `none`, `all`, or a positive integer string'],
    [{ fork_turns: 'some' }, 'fork_turns must be `none`, `all`, or a positive integer string'],
    [{ fork_context: true }, 'fork_context is not supported in MultiAgentV2; use fork_turns instead'],
    [
      { fork_turns: 'all', model: 'script' },
      'Full-history forked agents inherit the parent agent type, model, and reasoning effort; omit agent_type, model, and reasoning_effort, or spawn without a full-history fork.',
    ],
    [{ model: 'no-such-model' }, 'Unknown model `no-such-model` for spawn_agent. Available models: script'],
    [{ message: '' }, "Empty message can't be sent to an agent"],
    [{ items: [] }, 'failed to parse function arguments: unknown field `items`'],
    [{ message: undefined }, 'failed to parse function arguments: missing field `message`'],
  ])('[TU7][PA1] %j is refused in the exact words', (more, words) => {
    const { outcome, text } = fleet().call('/root', 'spawn_agent', { task_name: 'a', message: 'go', ...more });
    expect([outcome, text]).toEqual(['error', words]);
  });

  test('[TU7] inherits neither slot nor unread mail nor processes', () => {
    const f = fleet();
    f.spawn('/root', 'p');
    f.call('/root/p', 'exec_command', { cmd: 'make' });
    f.call('/root', 'send_message', { target: 'p', message: 'for p only' });
    const id = Object.values(f.turn('/root/p').calls)[0]!.callId;
    f.ask(
      { do: 'endCall', turnId: f.turn('/root/p').turnId, callId: id, outcome: 'ok', output: { text: '' } },
      'engine',
    );
    f.call('/root', 'send_message', { target: 'p', message: 'for p only' });
    f.call('/root/p', 'spawn_agent', { task_name: 'c', message: 'go' });
    expect(f.taken('/root/p/c')).toEqual(['go']);
    expect(f.unread('/root/p/c')).toEqual([]);
    expect(f.state.processes.live[f.id('/root/p/c')]).toBeUndefined();
    expect(f.turn('/root/p/c').reservationId).not.toBe(f.turn('/root/p').reservationId);
  });
});

describe('the number of a sampling', () => {
  test('[TU8] counts answers and ended samplings of the agent, over all its turns', () => {
    const f = worker();
    const asked = (events: readonly { type: string }[]) =>
      react(f.state, events as never).flatMap((e) => (e.do === 'sample' && e.agentId === f.id('/root/a') ? [e.n] : []));
    expect(asked(f.call('/root/a', 'list_agents', {}).events)).toEqual([2]);
    expect(asked(f.fail('/root/a', 'overloaded', true).events)).toEqual([3]);
    f.interrupt('/root/a');
    expect(asked(f.followup('/root/a').events)).toEqual([3]);
    f.interrupt('/root/a');
    expect(asked(f.followup('/root/a').events)).toEqual([4]);
  });

  test('[TU8] a sampling that a crash cut off is in neither, and has the same number again', () => {
    const f = worker();
    f.call('/root/a', 'list_agents', {});
    const n = () => react(f.state, f.crash().events).flatMap((e) => (e.do === 'sample' ? [e.n] : []));
    expect(n()).toEqual(n());
  });

  test('[TU8] the same call id again in a turn is another call with a number behind it', () => {
    const f = worker();
    const list: Item[] = [
      { call: 'list_agents', id: 'c', args: {} },
      { call: 'list_agents', id: 'c', args: {} },
      { call: 'list_agents', id: 'constructor', args: {} },
      { call: 'list_agents', id: '__proto__', args: {} },
    ];
    f.sampled('/root/a', list);
    f.sampled('/root/a', list.slice(0, 1));
    const ids = f.of('ToolCallEnded').filter((e) => e.data.agentId === f.id('/root/a'));
    expect(ids.map((e) => e.data.callId)).toEqual(['c', 'c#2', 'constructor#2', '__proto__#2', 'c#3']);
  });
});
