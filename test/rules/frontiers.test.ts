/** Frontiers: where a pausing cell stands, who looks at it, and who lets it go on (CE2–CE5). Scenarios of the peer by number. */
import { describe, expect, test } from 'vitest';
import { cellOf, eventsOf, observe, ofCell, printed, resume, terminate, texts, typesOf } from './cellFleet.ts';
import { exited, type Living, living, quiet, until } from './living.ts';

const sleep = (cmd: string) => ({ call: 'exec_command', args: { cmd, yield_time_ms: 30_000 } });

/** The host ends the n-th process that was started. */
async function ends(l: Living, n: number): Promise<void> {
  await until(() => l.host?.starts[n] !== undefined, `the start of process ${n}`);
  l.host!.ends(l.host!.starts[n]!.processId, exited(0));
  await quiet();
}

describe('a pausing cell', () => {
  test('[CE2][C-3] stops at frontier 1 with its tools under way, and anybody finds it there, however late (scenario 2)', async () => {
    const l = await living();
    const id = await l.cell('pause', { call: 'list_agents' }, { call: 'list_agents' }, { text: 'done' });
    expect(cellOf(l, id).inputs).toBe(1);
    await l.clock.pass(3_600_000);
    const first = await observe(l, id, { mode: 'frontier' });
    expect(first).toMatchObject({ state: 'pending', generation: 1, pending: ['tool-1'] });
    expect(await observe(l, id, { mode: 'frontier' })).toEqual(first);
    expect(typesOf(l, id).filter((type) => type === 'CellToolRequested')).toHaveLength(1);
  });

  test('[CE5] two resumes of one generation are one resumed and one already-running (scenarios 3, 4, 5)', async () => {
    const l = await living();
    const id = await l.cell('pause', { call: 'list_agents' }, { call: 'list_agents' }, { never: true });
    expect(await resume(l, id, 2)).toBe('HOLDFAST_CELL_GENERATION');
    l.held = [];
    const both = Promise.all([resume(l, id, 1), resume(l, id, 1)]);
    await quiet();
    expect(typesOf(l, id)).not.toContain('FrontierResumed');
    await l.letMachinesGo();
    expect(await both).toEqual(['resumed', 'already-running']);
    expect(cellOf(l, id).generation).toBe(2);
    expect(await resume(l, id, 1)).toBe('already-running');
    const answer = await l.life.cells.door.resume(id, 3);
    expect(answer).toMatchObject({ ok: false, refusal: { details: { requested: 3, latest: 2 } } });
    expect(await resume(l, id, 2)).toBe('resumed');
  });

  test('[CE5] a cell that has never paused has no generation to resume (scenario 5)', async () => {
    const l = await living();
    l.held = [];
    const id = await l.cell('pause', { never: true });
    const answer = await l.life.cells.door.resume(id, 1);
    expect(answer).toMatchObject({ ok: false, refusal: { details: { requested: 1, latest: null } } });
    expect(answer.ok === false && answer.refusal.message).toBe(
      `exec cell ${id} cannot resume generation 1; latest generation is none`,
    );
  });

  test('[CE3] parallel calls that end one by one give a frontier each, with what is really outstanding (scenario 6)', async () => {
    const l = await living();
    const id = await l.cell('pause', { all: [sleep('a'), sleep('b')] }, { text: 'done' });
    expect(await observe(l, id, { mode: 'frontier' })).toMatchObject({ generation: 1, pending: ['tool-1', 'tool-2'] });
    expect(await resume(l, id, 1)).toBe('resumed');
    await ends(l, 1);
    expect(await observe(l, id, { mode: 'frontier' })).toMatchObject({ generation: 2, pending: ['tool-1'] });
    expect(await resume(l, id, 2)).toBe('resumed');
    await ends(l, 0);
    expect(await observe(l, id)).toMatchObject({ state: 'completed' });
    expect(await printed(l, id)).toEqual(['exec_command ok', 'exec_command ok', 'done']);
  });

  test('[CE5][CE4] once it was resumed nobody is given the old frontier, and a reader waits for the next (scenario 7)', async () => {
    const l = await living();
    const id = await l.cell('pause', sleep('a'), { text: 'x' }, sleep('b'));
    expect(await resume(l, id, 1)).toBe('resumed');
    let seen: unknown;
    const reading = observe(l, id, { mode: 'frontier', waitMs: 60_000 }).then((view) => {
      seen = view;
    });
    await l.clock.pass(5_000);
    expect(seen).toBeUndefined();
    await ends(l, 0);
    await reading;
    expect(seen).toMatchObject({ state: 'pending', generation: 2, pending: ['tool-2'] });
  });

  test('[CE3] results that came in during a pause all go in with one resume, with no frontier between (scenario 8)', async () => {
    const l = await living();
    const id = await l.cell('pause', { all: [{ call: 'list_agents' }, { call: 'list_agents' }] }, { text: 'both' });
    expect(cellOf(l, id).inputs).toBe(2);
    expect(await resume(l, id, 1)).toBe('resumed');
    expect(cellOf(l, id).end?.how).toBe('completed');
    expect(eventsOf(l, 'FrontierReached')).toHaveLength(1);
    expect(await printed(l, id)).toEqual(['list_agents ok', 'list_agents ok', 'both']);
  });

  test('[CE3] waits at a frontier without calls for a timer, which fires while it stands', async () => {
    const l = await living();
    const id = await l.cell('pause', { sleep: 1_000 }, { text: 'late' });
    expect(await observe(l, id, { mode: 'frontier' })).toMatchObject({ generation: 1, pending: [] });
    await l.clock.pass(2_000);
    expect(typesOf(l, id).at(-1)).toBe('CellTimerFired');
    expect(await resume(l, id, 1)).toBe('resumed');
    expect(await printed(l, id)).toEqual(['late']);
  });
});

describe('a resume is never lost with the runtime', () => {
  test('[CE5][C-1] a machine that died at the frontier is made again before anybody is told resumed', async () => {
    const l = await living();
    const id = await l.cell('pause', { text: 'x' }, { call: 'list_agents' }, { text: 'y' });
    l.cells.kill(id);
    l.held = [];
    const resumed = resume(l, id, 1);
    await quiet();
    expect(typesOf(l, id).at(-1)).toBe('ResumeRequested');
    await l.letMachinesGo();
    expect(await resumed).toBe('resumed');
    expect(await printed(l, id)).toEqual(['x', 'list_agents ok', 'y']);
    expect(l.cells.made).toBe(2);
  });

  test('[CE5][C-1] where it cannot go on, the frontier and its output stay readable, and the answer says so (scenarios 9, 10)', async () => {
    const l = await living();
    const id = await l.cell('pause', { text: 'x' }, { call: 'list_agents' }, { text: 'y' });
    l.cells.kill(id);
    l.held = [];
    const resumed = resume(l, id, 1);
    for (let i = 0; i < 4; i += 1) {
      await quiet();
      l.cells.kill(id);
    }
    expect(await resumed).toBe('HOLDFAST_CELL_RESUME_FAILED');
    expect(typesOf(l, id)).not.toContain('FrontierResumed');
    expect(await observe(l, id, { from: 0 })).toMatchObject({
      state: 'lost',
      items: [{ text: 'x' }],
      end: { reason: 'exec runtime ended unexpectedly' },
    });
    expect(await resume(l, id, 1)).toBe('HOLDFAST_CELL_ENDED');
    expect(cellOf(l, id).frontier).toMatchObject({ generation: 1, offset: 1 });
  });

  test('[CE5][CE9] a resume that a crash left unanswered is carried out by the next life, once', async () => {
    const l = await living();
    const id = await l.cell('pause', { call: 'list_agents' }, { text: 'y' });
    l.held = [];
    void resume(l, id, 1).catch(() => {});
    await quiet();
    expect(typesOf(l, id).at(-1)).toBe('ResumeRequested');
    l.held = undefined;
    await l.crash();
    await until(() => cellOf(l, id).end, 'its end');
    expect(eventsOf(l, 'FrontierResumed')).toHaveLength(1);
    expect(await printed(l, id)).toEqual(['list_agents ok', 'y']);
  });
});

describe('looking at a cell', () => {
  test('[CE4][C-5] a reader that was gone before it was answered has seen nothing, and nobody waits less for it (scenario 15)', async () => {
    const l = await living();
    const id = await l.cell('pause', { text: 'a' }, sleep('x'));
    const gone = new AbortController();
    gone.abort(new Error('gone'));
    const looking = l.life.cells.door.observe(id, { reader: 'me', mode: 'frontier', signal: gone.signal });
    await expect(looking).rejects.toThrow('gone');
    expect(typesOf(l, id)).not.toContain('FrontierObserved');
    expect(texts(await observe(l, id, { reader: 'me', mode: 'frontier' }))).toEqual(['a']);
    expect(typesOf(l, id).at(-1)).toBe('FrontierObserved');
  });

  test('[CE4][C-6, C-8] any number of readers wait side by side, one that leaves leaves the others alone (scenario 16)', async () => {
    const l = await living();
    const id = await l.cell(
      'continue',
      { text: 'a' },
      { sleep: 1_000 },
      { text: 'b' },
      { yield: true },
      { never: true },
    );
    const leaving = new AbortController();
    const left = l.life.cells.door.observe(id, { from: 1, waitMs: 9_000, signal: leaving.signal });
    const staying = [observe(l, id, { from: 1, waitMs: 9_000 }), observe(l, id, { from: 0, waitMs: 9_000 })];
    await quiet();
    leaving.abort(new Error('left'));
    await expect(left).rejects.toThrow('left');
    await l.clock.pass(1_000);
    const [one, all] = await Promise.all(staying);
    expect(texts(one!)).toEqual(['b']);
    expect(texts(all!)).toEqual(['a', 'b']);
    await l.clock.pass(10_000);
    expect(l.clock.timers).toBe(0);
  });

  test('[CE4][C-7] a timed look at a paused cell takes nothing from its frontier and resumes nothing', async () => {
    const l = await living();
    const id = await l.cell('pause', { text: 'x' }, sleep('a'));
    expect(texts(await observe(l, id))).toEqual(['x']);
    expect(await observe(l, id, { from: 1 })).toMatchObject({ state: 'pending', generation: 1, items: [] });
    expect(await observe(l, id, { mode: 'frontier' })).toMatchObject({ items: [{ text: 'x' }], generation: 1 });
    expect(await resume(l, id, 1)).toBe('resumed');
  });

  test('[CE4] a frontier is recorded as observed once per generation and reader', async () => {
    const l = await living();
    const id = await l.cell('pause', { call: 'list_agents' }, { call: 'list_agents' });
    for (const reader of ['a', 'a', 'b', 'a']) await observe(l, id, { reader });
    await resume(l, id, 1);
    await observe(l, id, { reader: 'a' });
    const seen = eventsOf(l, 'FrontierObserved').map(({ data }) => `${data.observedBy} ${data.generation}`);
    expect(seen).toEqual(['a 1', 'b 1', 'a 2']);
  });

  test('[CE4][C-11] a first look stops at the first yield, whenever that was; what follows comes with the next (scenarios 12, 13)', async () => {
    const l = await living();
    const steps = [{ text: 'a' }, { yield: true as const }, { text: 'b' }];
    const running = await l.cell('continue', ...steps, { never: true });
    const first = await observe(l, running);
    expect([texts(first), first.state]).toEqual([['a'], 'running']);
    expect(texts(await observe(l, running, { from: first.next }))).toEqual(['b']);
    const ended = await l.cell('continue', ...steps);
    const yielded = await observe(l, ended);
    expect([texts(yielded), yielded.state]).toEqual([['a'], 'running']);
    expect(await observe(l, ended, { from: yielded.next })).toMatchObject({
      state: 'completed',
      items: [{ text: 'b' }],
    });
    expect(await observe(l, ended, { mode: 'frontier' })).toMatchObject({
      state: 'completed',
      items: [{ text: 'a' }, { text: 'b' }],
    });
  });

  test('[CE4] a yield that nobody waited for wakes no later reader, and its output is kept (scenarios 14, 17)', async () => {
    const l = await living();
    const id = await l.cell('continue', { sleep: 10 }, { text: 'a' }, { yield: true }, { never: true });
    expect(texts(await observe(l, id))).toEqual([]);
    await l.clock.pass(20);
    let answered = false;
    const reading = observe(l, id, { from: 0, waitMs: 500 }).then((view) => {
      answered = true;
      return view;
    });
    await quiet();
    await l.clock.pass(499);
    expect(answered).toBe(false);
    await l.clock.pass(2);
    expect(texts(await reading)).toEqual(['a']);
  });

  test('[CE4] an end that was on its way to a reader who left is there for the next one (scenario 18)', async () => {
    const gone = new AbortController();
    const l = await living(
      {},
      {
        log: (log) => {
          log.follow((events) => {
            if (events.some(({ type }) => type === 'CellCompleted')) gone.abort(new Error('gone'));
          });
          return log;
        },
      },
    );
    const id = await l.cell('continue', { text: 'a' }, { sleep: 1_000 }, { text: 'b' });
    const reading = l.life.cells.door.observe(id, { from: 0, waitMs: 9_000, reader: 'me', signal: gone.signal });
    reading.catch(() => {});
    await l.clock.pass(1_000);
    await expect(reading).rejects.toThrow('gone');
    const view = await observe(l, id, { from: 0, reader: 'me' });
    expect([view.state, texts(view)]).toEqual(['completed', ['a', 'b']]);
  });

  test('[CE4] a look that was cut off and is made again gives what it would have given, and the next goes on there (scenario 26)', async () => {
    const l = await living();
    const id = await l.cell('pause', { text: 'a' }, sleep('x'), { text: 'b' }, { never: true });
    await resume(l, id, 1);
    const leaving = new AbortController();
    const look = { from: 1, mode: 'frontier', reader: 'me' } as const;
    const left = l.life.cells.door.observe(id, { ...look, waitMs: 60_000, signal: leaving.signal });
    await quiet();
    leaving.abort(new Error('left'));
    await expect(left).rejects.toThrow('left');
    await ends(l, 0);
    const second = await observe(l, id, look);
    expect(second).toMatchObject({ generation: 2, next: 3 });
    expect(texts(second)).toEqual(['exec_command ok', 'b']);
    expect(await observe(l, id, look)).toEqual(second);
    expect(texts(await observe(l, id, { ...look, from: second.next }))).toEqual([]);
  });

  test('[CE4][C-21] looking leaves nothing behind, however often', async () => {
    const l = await living();
    const id = await l.cell('pause', { text: 'a' }, sleep('x'));
    await observe(l, id, { reader: 'me' });
    const before = [structuredClone(l.life.state), l.events.length, l.clock.timers];
    for (let i = 0; i < 50; i += 1) {
      await observe(l, id, { from: i % 2, reader: 'me' });
      await observe(l, id, { mode: 'frontier' });
    }
    expect([structuredClone(l.life.state), l.events.length, l.clock.timers]).toEqual(before);
  });

  test('[CE4][C-13] whoever waits when a cell is terminated is told that it was', async () => {
    const l = await living();
    const id = await l.cell('pause', { text: 'x' }, sleep('a'));
    await resume(l, id, 1);
    const waiting = [1, 2, 3].map(() => observe(l, id, { from: 1, waitMs: 60_000 }));
    await quiet();
    await terminate(l, id);
    expect((await Promise.all(waiting)).map((view) => view.state)).toEqual(['terminated', 'terminated', 'terminated']);
  });

  test('[CE1] what an unobserved frontier held is there after a termination (scenario 11)', async () => {
    const l = await living();
    const id = await l.cell('pause', { text: 'x' }, sleep('a'));
    await terminate(l, id);
    expect(await observe(l, id)).toMatchObject({ state: 'terminated', items: [{ text: 'x' }] });
    expect(await observe(l, id, { from: 1 })).toMatchObject({ state: 'terminated', items: [] });
  });

  test('[CE4] a cell that nobody knows is refused by name', async () => {
    const l = await living();
    for (const id of ['7', '__proto__', 'constructor', '']) {
      expect(await l.life.cells.door.observe(id, {})).toMatchObject({
        ok: false,
        refusal: { code: 'HOLDFAST_CELL_NOT_FOUND' },
      });
    }
    expect(ofCell(l, '7')).toEqual([]);
  });
});
