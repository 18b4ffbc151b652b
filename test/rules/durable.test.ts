/** What waits for the disk, and what is the same after a crash: LO1 and MA7 on the real engine. */
import { describe, expect, test } from 'vitest';
import { defaultLimits } from '../../events/limits.ts';
import { apply } from '../../projections/apply.ts';
import { answersKeptMax } from '../../projections/fleet.ts';
import { emptyState } from '../../projections/state.ts';
import type { CommandOf } from '../../src/decide/command.ts';
import { type CellStep, cellSource } from '../../src/simulate/cellScript.ts';
import { printed } from './cellFleet.ts';
import { living, quiet, until } from './living.ts';

/** A disk that a test holds and lets go. */
function disk() {
  let open = () => {};
  let held: Promise<void> | undefined;
  const syncs: number[] = [];
  return {
    syncs,
    hold: () => {
      held = new Promise((resolve) => {
        open = resolve;
      });
    },
    let: () => {
      held = undefined;
      open();
    },
    gate: {
      beforeSync: (events: number) => {
        syncs.push(events);
        return held;
      },
    },
  };
}

const told = <T>(promise: Promise<T>) => {
  const seen: { value?: T; error?: unknown } = {};
  promise.then(
    (value) => {
      seen.value = value;
    },
    (error) => {
      seen.error = error;
    },
  );
  return seen;
};

const root = (name: string): CommandOf<'spawnRoot'> => ({ do: 'spawnRoot', cwd: '/work', name, prompt: 'go' });

describe('until the sync', () => {
  test('[LO1] neither answer nor read is given, nobody who follows is told, and nothing is done', async () => {
    const { gate, hold, let: go } = disk();
    const f = await living({}, { gate });
    await until(() => f.talk.asked.has('/root'));
    hold();
    const followed: string[] = [];
    const answer = told(f.life.engine.submit(root('x'), { by: 'operator' }));
    const read = told(f.life.engine.read((state) => state.roots.length));
    const stop = f.life.engine.state.position;
    await quiet();
    expect(f.life.engine.state.roots).toHaveLength(2);
    expect([answer.value, read.value, followed, f.talk.samplings]).toEqual([undefined, undefined, [], ['/root 1']]);
    expect(f.storage.events.length).toBeLessThan(stop);
    go();
    await until(() => answer.value !== undefined && read.value !== undefined);
    expect(answer.value).toMatchObject({ ok: true, answer: { name: 'x' } });
    expect(read.value).toBe(2);
    await until(() => f.talk.samplings.length === 2);
  });

  test('[LO1] commands decide on what is appended, synced or not', async () => {
    const { gate, hold, let: go } = disk();
    const f = await living({}, { gate });
    hold();
    const first = told(f.life.engine.submit(root('x')));
    const second = told(f.life.engine.submit(root('x')));
    await quiet();
    expect([first.value, second.value]).toEqual([undefined, undefined]);
    go();
    await until(() => second.value !== undefined);
    expect(first.value).toMatchObject({ ok: true });
    expect(second.value).toMatchObject({ ok: false, refusal: { code: 'HOLDFAST_ROOT_EXISTS' } });
  });

  const createCell = (...steps: readonly CellStep[]): CommandOf<'createCell'> => ({
    do: 'createCell',
    target: '/root',
    source: cellSource(...steps),
    policy: 'ContinueWhenUnblocked',
  });

  test('[LO1][CE1] a new cell is a computation: it runs at once, but nobody is told of it and no call of it is made', async () => {
    const { gate, hold, let: go } = disk();
    const f = await living({}, { gate });
    await quiet();
    hold();
    const call = createCell({ call: 'exec_command', args: { cmd: 'x' } }, { text: 'done' });
    const answer = told(f.life.engine.submit(call, { by: 'operator' }));
    await quiet();
    expect(f.cells.made).toBe(1);
    expect(Object.keys(f.life.state.processes.all)).toHaveLength(1);
    expect([answer.value, f.host, f.types().includes('CellCreated')]).toEqual([undefined, undefined, false]);
    go();
    await until(() => answer.value !== undefined && f.host?.starts.length === 1);
    expect(f.cells.made).toBe(1);
  });

  test('[LO1][CE9] a new cell finds what is stored, and what was stored is durable before it is read', async () => {
    const { gate, hold, let: go } = disk();
    const f = await living({}, { gate });
    await quiet();
    hold();
    f.life.engine.report(createCell({ store: 'k', value: 'kept' }));
    await until(() => f.life.state.cells.all['1']?.end);
    f.life.engine.report(createCell({ print: { load: 'k' } }));
    await quiet();
    expect(f.cells.made).toBe(1);
    go();
    await until(() => f.life.state.cells.all['2']?.end);
    expect(await printed(f, '2')).toEqual(['"kept"']);
  });

  test('[LO1] a refusal too rests on what it was decided on: it is given after the sync of that', async () => {
    const { gate, hold, let: go } = disk();
    const f = await living({}, { gate });
    hold();
    f.life.engine.report(root('x'));
    const answer = told(f.life.engine.submit({ do: 'send', target: 'x:/root/nobody', text: 'hi' }));
    await quiet();
    expect(answer.value).toBeUndefined();
    go();
    await until(() => answer.value !== undefined);
  });

  test('[LO1] waiting commands share one sync', async () => {
    const { gate, syncs, hold, let: go } = disk();
    const f = await living({}, { gate });
    await quiet();
    hold();
    const before = syncs.length;
    const all = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'].map((name) => f.life.engine.submit(root(name)));
    await quiet();
    go();
    await Promise.all(all);
    expect(syncs.length - before).toBeLessThanOrEqual(2);
  });

  test('[LO1][LO5] when the sync fails nobody is answered, nothing is done, and the engine is over', async () => {
    let full = false;
    const gate = {
      beforeSync: () => {
        if (full) throw new Error('ENOSPC');
      },
    };
    const f = await living({}, { gate });
    await until(() => f.talk.asked.has('/root'));
    full = true;
    await expect(f.life.engine.submit(root('x'))).rejects.toMatchObject({ code: 'HOLDFAST_LOG_WRITE_FAILED' });
    await expect(f.life.engine.read((s) => s.position)).rejects.toMatchObject({ code: 'HOLDFAST_LOG_WRITE_FAILED' });
    expect(f.talk.samplings).toEqual(['/root 1']);
    expect(f.storage.events.at(-1)!.type).toBe('MailConsumed');
  });
});

describe('a key', () => {
  test('[MA7] the same key with the same request gives the first answer and does nothing more, also after a crash', async () => {
    const f = await living();
    const ask = () => f.life.engine.submit(root('x'), { by: 'operator', key: 'k1' });
    const first = await ask();
    expect(await ask()).toEqual(first);
    await f.crash();
    expect(await ask()).toEqual(first);
    expect(f.life.state.roots).toHaveLength(2);
    expect(f.events.filter((e) => e.type === 'CommandAnswered')).toHaveLength(1);
  });

  test('[MA7] its answer is the last event of the batch that it rests on', async () => {
    const f = await living();
    await f.life.engine.submit(root('x'), { by: 'operator', key: 'k1' });
    const answered = f.events.find((e) => e.type === 'CommandAnswered')!;
    expect([answered.index, f.events[answered.batch - 1]!.type]).toEqual([answered.of - 1, 'AgentSpawned']);
  });

  test('[MA7] with another request it is refused, whatever the first answer was', async () => {
    const f = await living();
    await f.life.engine.submit(root('x'), { key: 'k1' });
    const again = await f.life.engine.submit(root('y'), { key: 'k1' });
    expect(again).toMatchObject({ ok: false, refusal: { code: 'HOLDFAST_KEY_REUSED' } });
    expect(f.life.state.roots).toHaveLength(2);
  });

  test('[MA7] a refusal is an answer: it is the same again, also when it would succeed now', async () => {
    const f = await living();
    const ask = () => f.life.engine.submit({ do: 'send', target: 'x:/root', text: 'hi' }, { key: 'k1' });
    const first = await ask();
    expect(first).toMatchObject({ ok: false, refusal: { code: 'HOLDFAST_AGENT_NOT_FOUND' } });
    await f.life.engine.submit(root('x'));
    await f.crash();
    expect(await ask()).toEqual(first);
  });

  test.each(['constructor', 'toString', ''])('[MA7] any text is a key, also %j', async (key) => {
    const f = await living();
    const first = await f.life.engine.submit(root('x'), { key });
    await f.crash();
    expect(await f.life.engine.submit(root('x'), { key })).toEqual(first);
    expect(await f.life.engine.submit(root('y'), { key })).toMatchObject({ ok: false });
  });

  test('[MA7] the one text that cannot be kept as a key is refused, and nothing is done', async () => {
    const f = await living();
    const answer = await f.life.engine.submit(root('x'), { key: '__proto__' });
    expect(answer).toMatchObject({ ok: false, refusal: { code: 'HOLDFAST_BAD_KEY' } });
    expect(f.life.state.roots).toHaveLength(1);
  });

  test('[MA7][C-21] the last 100 000 keys are kept, the oldest goes', () => {
    const state = emptyState(defaultLimits);
    for (let i = 0; i <= answersKeptMax; i += 1) {
      const data = { key: `k${i}`, requestHash: 'h', answer: i };
      const at = { position: i + 1, batch: i + 1, index: 0, of: 1, stream: 'fleet', streamVersion: i + 1 };
      apply(state, { ...at, type: 'CommandAnswered', v: 1, at: 0, epoch: 1, by: 'operator', cause: 0, data });
    }
    const { answers, answerOrder } = state.fleet;
    expect([answerOrder.size, answers.k0, answers.k1!.answer]).toEqual([100_000, undefined, 1]);
    expect(Object.keys(answers)).toHaveLength(100_000);
  });
});
