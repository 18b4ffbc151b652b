/** Clients: programs outside that act as roots by calling tools (MC1–MC4). */
import { describe, expect, test } from 'vitest';
import { type Called, fleet, of, type PaperFleet } from './given.ts';

let connections = 0;

/** A client that is there, as a test drives it. */
class Client {
  readonly f: PaperFleet;
  readonly connectionId: string;
  readonly joined: unknown;
  readonly name: string;
  #calls = 0;

  constructor(f: PaperFleet, name = 'codex', connectionId = `connection-${++connections}`) {
    this.f = f;
    this.connectionId = connectionId;
    const then = f.ask({ do: 'joinClient', connectionId, name, software: 'a test', cwd: '/here' }, 'engine');
    this.joined = then.answer;
    this.name = (then.answer as { name: string }).name;
  }

  get root(): string {
    return `${this.name}:/root`;
  }

  /** `mail`: texts that go along with the result. */
  call(tool: string, args: object = {}): Called & { readonly mail: readonly string[] } {
    this.#calls += 1;
    const id = `${this.connectionId}/${this.#calls}`;
    const { connectionId } = this;
    const then = this.f.ask({ do: 'callTool', connectionId, call: id, tool, args }, `agent:${this.#agentId}`);
    return { ...then, id, ...this.f.result(id), mail: this.mailOf(id) };
  }

  /** Texts of the mail that goes with the result of a call. */
  mailOf(id: string): string[] {
    const given = this.f.of('MailConsumed').filter((e) => e.data.callId === id);
    return given.map(({ data }) => {
      const mail = this.f.of('MailAccepted').find((e) => e.data.mailId === data.mailId)!;
      return mail.data.text as string;
    });
  }

  cancel(id: string) {
    return this.f.ask({ do: 'cancelCall', connectionId: this.connectionId, call: id }, 'engine');
  }

  leave() {
    return this.f.ask({ do: 'leaveClient', connectionId: this.connectionId, reason: 'closed' }, 'engine');
  }

  get #agentId(): string {
    return this.f.state.rootNames[this.name]!;
  }
}

const empty = () => fleet({ roots: [] });

describe('a client', () => {
  test('[MC1] becomes a root of its own in one batch, and runs as long as it is there', () => {
    const f = empty();
    const codex = new Client(f);
    expect(codex.joined).toMatchObject({ name: 'codex', path: '/root', known: false });
    expect(f.events.at(-1)!.of).toBe(4);
    expect(f.status(codex.root)).toBe('running');
    codex.leave();
    expect(f.status(codex.root)).toBe('completed');
    expect(Object.keys(f.state.turns)).toEqual([]);
  });

  test('[MC1] finds the root it left, and two at once do not get one name', () => {
    const f = empty();
    const first = new Client(f);
    first.call('spawn_agent', { task_name: 'a', message: 'work' });
    const second = new Client(f);
    expect([first.name, second.name]).toEqual(['codex', 'codex2']);
    expect(second.call('list_agents').text).not.toContain('/root/a');
    first.leave();
    const again = new Client(f);
    expect(again.joined).toMatchObject({ name: 'codex', known: true });
    expect(again.call('list_agents').text).toContain('/root/a');
    expect(new Client(f).name).toBe('codex3');
  });

  test('[MC1] does not act as a root that a model answers for, or that is closed', () => {
    const f = fleet({ roots: [{ name: 'codex', prompt: 'begin' }] });
    const codex = new Client(f);
    expect(codex.name).toBe('codex2');
    f.close(codex.root);
    expect(
      codex.f.ask({ do: 'callTool', connectionId: codex.connectionId, call: 'x', tool: 'list_agents', args: {} })
        .refusal,
    ).toMatchObject({ code: 'HOLDFAST_NOT_JOINED' });
    expect(new Client(f).name).toBe('codex3');
  });

  test('[MC1] that joins twice under one connection is told the same and changes nothing', () => {
    const f = empty();
    const codex = new Client(f, 'codex', 'one');
    const before = f.events.length;
    expect(new Client(f, 'codex', 'one').joined).toMatchObject({ name: codex.name, known: true });
    expect(f.events.length).toBe(before);
  });

  test('[MC1] with a model that the fleet does not have is refused', () => {
    const f = empty();
    const join = { do: 'joinClient' as const, connectionId: 'c', name: 'codex', software: 'a test', cwd: '/' };
    expect(f.ask({ ...join, model: 'nobody' }).refusal).toMatchObject({ code: 'HOLDFAST_UNKNOWN_MODEL' });
  });

  test('[MC2] makes each call in one batch with all that it leads to', () => {
    const f = empty();
    const codex = new Client(f);
    const { events, outcome, fields } = codex.call('spawn_agent', { task_name: 'a', message: 'work' });
    expect(outcome).toBe('ok');
    expect(fields).toMatchObject({ task_name: '/root/a' });
    expect(new Set(events.map((e) => e.batch)).size).toBe(1);
    expect(events.map((e) => e.type)).toEqual(
      expect.arrayContaining(['ModelSampled', 'ToolCallStarted', 'ToolCallEnded', 'AgentSpawned', 'TurnStarted']),
    );
  });

  test('[MC2] calls while other calls are open, and each has one end', () => {
    const f = empty();
    const codex = new Client(f);
    codex.call('spawn_agent', { task_name: 'a', message: 'work' });
    const wait = codex.call('wait_agent', { timeout_ms: 30_000 });
    expect(wait.outcome).toBeUndefined();
    expect(codex.call('list_agents').outcome).toBe('ok');
    expect(codex.call('spawn_agent', { task_name: 'b', message: 'work' }).outcome).toBe('ok');
    expect(f.result(wait.id).outcome).toBeUndefined();
    f.say(`${codex.root}/a`, 'a is done');
    expect(f.result(wait.id)).toMatchObject({ outcome: 'ok' });
    expect(codex.mailOf(wait.id)).toEqual(['a is done']);
  });

  test('[MC2] is told what is wrong with a call as its result', () => {
    const codex = new Client(empty());
    expect(codex.call('nothing')).toMatchObject({ outcome: 'error', text: 'unsupported call: nothing' });
    expect(codex.call('spawn_agent', { task_name: 'a' })).toMatchObject({ outcome: 'error' });
    expect(codex.call('spawn_agent', { task_name: 'a', message: 'x', fork_turns: 'all' }).text).toContain('fork_turns');
  });

  test('[MC2] goes on with a new turn after an operator has interrupted it', () => {
    const f = empty();
    const codex = new Client(f);
    codex.call('spawn_agent', { task_name: 'a', message: 'work' });
    const wait = codex.call('wait_agent', { timeout_ms: 30_000 });
    f.interrupt(codex.root);
    expect(f.result(wait.id)).toMatchObject({ outcome: 'cancelled' });
    expect(codex.call('list_agents').outcome).toBe('ok');
  });

  test('[MC3] is given its mail with the next result, once', () => {
    const f = empty();
    const codex = new Client(f);
    codex.call('spawn_agent', { task_name: 'a', message: 'work' });
    f.call(`${codex.root}/a`, 'send_message', { target: '/root', message: 'half way' });
    f.say(`${codex.root}/a`, 'a is done');
    expect(codex.call('list_agents').mail).toEqual(['half way', 'a is done']);
    expect(codex.call('list_agents').mail).toEqual([]);
    expect(codex.call('wait_agent')).toMatchObject({ outcome: 'ok', mail: [] });
  });

  test('[MC3] is not given mail with the end of a call that it has cancelled', () => {
    const f = empty();
    const codex = new Client(f);
    codex.call('spawn_agent', { task_name: 'a', message: 'work' });
    const exec = codex.call('exec_command', { cmd: 'sleep 9' });
    f.say(`${codex.root}/a`, 'a is done');
    codex.cancel(exec.id);
    expect(f.result(exec.id)).toMatchObject({ outcome: 'cancelled' });
    expect(f.result(exec.id).text).toContain('session ID 1000');
    expect(codex.call('list_agents').mail).toEqual(['a is done']);
  });

  test('[MC3] is not given mail with the end of a call that was made before it went', () => {
    const f = empty();
    const codex = new Client(f);
    codex.call('spawn_agent', { task_name: 'a', message: 'work' });
    const before = codex.call('wait_agent', { timeout_ms: 30_000 });
    codex.leave();
    const again = new Client(f);
    const now = again.call('wait_agent', { timeout_ms: 30_000 });
    const then = f.say(`${codex.root}/a`, 'a is done');
    expect(of(then, 'ToolCallEnded').map(({ data }) => data.callId)).toEqual([before.id, now.id]);
    expect(of(then, 'MailConsumed').map(({ data }) => data.callId)).toEqual([now.id]);
  });

  test('[MC3] gets mail again that it was given last before it went', () => {
    const f = empty();
    const codex = new Client(f);
    codex.call('spawn_agent', { task_name: 'a', message: 'work' });
    f.say(`${codex.root}/a`, 'a is done');
    expect(codex.call('list_agents').mail).toEqual(['a is done']);
    codex.leave();
    const again = new Client(f);
    expect(again.call('wait_agent')).toMatchObject({ outcome: 'ok', mail: ['a is done'] });
    again.call('list_agents');
    again.leave();
    expect(new Client(f).call('list_agents').mail).toEqual([]);
  });

  test('[MC3] is not started by a follow-up of an operator while it is away', () => {
    const f = empty();
    const codex = new Client(f);
    codex.leave();
    f.followup(codex.root, 'come back');
    expect(f.status(codex.root)).toBe('completed');
    expect(new Client(f).call('list_agents').mail).toEqual(['come back']);
  });

  test('[MC4] that cancels a call which is to end with it has the process stopped', () => {
    const f = empty();
    const codex = new Client(f);
    const exec = codex.call('exec_command', { cmd: 'sleep 9', onInterrupt: 'kill' });
    expect(of(codex.cancel(exec.id), 'ProcessStopRequested')).toHaveLength(1);
    expect(codex.cancel(exec.id).events).toEqual([]);
  });

  test('[MC4] that goes leaves its open calls to end by themselves, and its turn ends with the last', () => {
    const f = empty();
    const codex = new Client(f);
    const { turnId } = f.turn(codex.root);
    codex.call('spawn_agent', { task_name: 'a', message: 'work' });
    const wait = codex.call('wait_agent', { timeout_ms: 30_000 });
    codex.leave();
    expect(f.state.turns[turnId]).toBeDefined();
    f.say(`${codex.root}/a`, 'a is done');
    expect(f.result(wait.id)).toMatchObject({ outcome: 'ok' });
    expect(f.state.turns[turnId]).toBeUndefined();
    expect(new Client(f).call('list_agents').mail).toEqual(['a is done']);
  });

  test('[MC4] is gone when the engine starts anew: what was open ends, and it finds its root', () => {
    const f = empty();
    const codex = new Client(f);
    codex.call('spawn_agent', { task_name: 'a', message: 'work' });
    const wait = codex.call('wait_agent', { timeout_ms: 30_000 });
    f.crash();
    expect(f.state.agents[f.state.rootNames.codex!]!.client?.connectionId).toBeUndefined();
    f.say(`${codex.root}/a`, 'a is done');
    expect(f.result(wait.id)).toMatchObject({ outcome: 'ok' });
    const again = new Client(f);
    expect(again.name).toBe('codex');
    expect(again.call('list_agents').mail).toEqual(['a is done']);
  });

  test('[MC4] [MA5] that is there is somebody to wait for, and that is gone is nobody', () => {
    const f = empty();
    const codex = new Client(f);
    codex.call('spawn_agent', { task_name: 'a', message: 'work' });
    const wait = f.call(`${codex.root}/a`, 'wait_agent', { timeout_ms: 30_000 });
    expect(wait.outcome).toBeUndefined();
    codex.leave();
    expect(f.result(wait.id).text).toContain('Nothing to wait for');
  });
});
