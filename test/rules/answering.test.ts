/** Agents whose model is the client of their root, on paper: who may be begun, what is recorded, who is waited for (CL1, CL2, CL4). */
import { describe, expect, test } from 'vitest';
import { clientsAwaited, servedByClient } from '../../projections/answering.ts';
import { awaitsPerson } from '../../projections/approvals.ts';
import { react } from '../../src/engine/react.ts';
import { type Called, fleet, type Given, of, type PaperFleet, type Then } from './given.ts';

type Offer = 'text' | 'tools';

const models = { client: { kind: 'sampling', model: 'its-best' }, script: { kind: 'script' } } as const;

const joins = (f: PaperFleet, sampling?: Offer, connectionId = 'connection-1'): Then =>
  f.ask(
    {
      do: 'joinClient',
      connectionId,
      name: 'codex',
      software: 'a test',
      version: '1',
      cwd: '/here',
      ...(sampling !== undefined && { sampling }),
    },
    'engine',
  );

const leaves = (f: PaperFleet, connectionId = 'connection-1'): Then =>
  f.ask({ do: 'leaveClient', connectionId, reason: 'closed' }, 'engine');

let calls = 0;
function spawns(f: PaperFleet, args: object): Called {
  const id = `connection-1/${++calls}`;
  const call = { task_name: 'a', message: 'work', fork_turns: 'none', ...args };
  const then = f.ask(
    { do: 'callTool', connectionId: 'connection-1', call: id, tool: 'spawn_agent', args: call },
    f.by('codex:/root'),
  );
  return { ...then, id, ...f.result(id) };
}

/** A client is there whose model may be asked as it says. */
function there(sampling?: Offer, more: Given = {}): PaperFleet {
  const f = fleet({ roots: [], models, ...more });
  joins(f, sampling);
  return f;
}

const asked = (f: PaperFleet, then: Then): string[] =>
  react(f.state, then.events).flatMap((effect) =>
    effect.do === 'sample' ? [f.state.agents[effect.agentId]!.path] : [],
  );

describe('an agent whose model is its client', () => {
  test('[CL1] is begun under a client that offers it, asked at once, and the log says by whom it is answered', () => {
    const f = there('tools');
    const then = spawns(f, { model: 'client' });
    expect(then.outcome).toBe('ok');
    expect(of(then, 'AgentSpawned')[0]!.data.config).toEqual({ server: { kind: 'sampling', model: 'its-best' } });
    expect(servedByClient(f.state, f.id('codex:/root/a'))).toBe(true);
    expect(asked(f, then)).toEqual(['/root/a']);
    expect(clientsAwaited(f.state)).toEqual([]);
    expect(f.say('codex:/root/a').events.map((e) => e.type)).toContain('TurnCompleted');
  });

  test('[CL2] is not begun under a client that cannot be asked, and the model is told what else there is', () => {
    const f = there();
    const then = spawns(f, { model: 'client' });
    expect(then).toMatchObject({ outcome: 'error' });
    expect(then.text).toContain('does not let its model be asked');
    expect(then.text).toContain('script');
    expect(of(then, 'AgentSpawned')).toEqual([]);
    expect(spawns(f, { model: 'script' }).outcome).toBe('ok');
  });

  test('[CL2] with no other model it is told how to have one', () => {
    const f = there(undefined, { models: { client: { kind: 'sampling' } } });
    expect(spawns(f, { model: 'client' }).text).toContain('start the server of this log with a model');
  });

  test('[CL2] is not begun by a root that is no client', () => {
    const f = fleet({ models, roots: [{ prompt: 'go', model: 'script' }] });
    expect(f.spawn('/root', 'a', { model: 'client' })).toMatchObject({ outcome: 'error' });
    expect(f.spawn('/root', 'b').outcome).toBe('ok');
    expect(f.ask({ do: 'spawnRoot', prompt: 'go', model: 'client', cwd: '/work' }).refusal?.code).toBe(
      'HOLDFAST_NO_CLIENT',
    );
  });

  test('[CL4] waits for the client that has gone, alone needs it, and is asked when it comes again', () => {
    const f = there('text');
    spawns(f, { model: 'client' });
    leaves(f);
    expect([f.status('codex:/root/a'), clientsAwaited(f.state), awaitsPerson(f.state)]).toEqual([
      'waiting',
      ['codex'],
      true,
    ]);
    expect(asked(f, f.crash())).toEqual([]);
    expect(asked(f, joins(f, 'text', 'connection-2'))).toEqual(['/root/a']);
    expect([f.status('codex:/root/a'), clientsAwaited(f.state)]).toEqual(['running', []]);
  });

  test('[CL4] a client that comes again without the offer is waited for all the same', () => {
    const f = there('text');
    spawns(f, { model: 'client' });
    leaves(f);
    expect(asked(f, joins(f, undefined, 'connection-2'))).toEqual([]);
    expect(f.status('codex:/root/a')).toBe('waiting');
  });
});

describe('a client', () => {
  test('[MC2] gives each of its open calls an id of its own', () => {
    const f = there();
    const call = (id: string) =>
      f.ask(
        { do: 'callTool', connectionId: 'connection-1', call: id, tool: 'wait_agent', args: { timeout_ms: 60_000 } },
        f.by('codex:/root'),
      );
    spawns(f, { model: 'script' });
    expect(call('1').refusal).toBeUndefined();
    const { position } = f;
    expect(call('1').refusal?.code).toBe('HOLDFAST_CALL_ID_USED');
    expect(f.position).toBe(position);
    for (let n = 2; n <= 256; n += 1) expect(call(String(n)).refusal).toBeUndefined();
    expect(call('257').refusal?.code).toBe('HOLDFAST_TOO_MANY_CALLS');
  });

  test('[MC1] that has left twice has left once', () => {
    const f = there();
    expect(leaves(f).answer).toEqual({ left: true });
    expect(leaves(f)).toMatchObject({ events: [], answer: { left: false } });
  });
});

test('[MO7] the log says which server answers for an agent, whatever its file leaves to be understood, and names no key', () => {
  const f = fleet({
    models: {
      script: { kind: 'script' },
      plain: { kind: 'responses' },
      local: { kind: 'chat', model: 'qwen3:8b', baseUrl: 'http://127.0.0.1:11434/v1', effort: 'low' },
    },
    roots: [{ prompt: 'go', model: 'plain' }],
  });
  f.spawn('/root', 'a', { model: 'local' });
  f.spawn('/root', 'b', { model: 'script' });
  expect(f.of('AgentSpawned').map(({ data }) => data.config)).toEqual([
    { server: { kind: 'responses', model: 'plain', baseUrl: 'https://api.openai.com/v1' } },
    { server: { kind: 'chat', model: 'qwen3:8b', baseUrl: 'http://127.0.0.1:11434/v1', effort: 'low' } },
    {},
  ]);
});
