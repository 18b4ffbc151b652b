/** Cells in the engine: their calls, their ends, their store, and what a crash leaves of them (CE1, CE2, CE6–CE9, CE12). */
import { describe, expect, test } from 'vitest';
import { inlineCells } from '../../src/cells/inline.ts';
import { defaultCellLimits } from '../../src/cells/limits.ts';
import { cellSource } from '../../src/simulate/cellScript.ts';
import { callEnds, cellOf, eventsOf, observe, ofCell, printed, resultOf, terminate, typesOf } from './cellFleet.ts';
import { exited, type Living, living, quiet, until } from './living.ts';

const command = (cmd: string) => ({ cmd, yield_time_ms: 30_000 });

async function started(l: Living, n: number) {
  return until(() => l.host?.starts[n], `the start of process ${n}`);
}

async function ends(l: Living, n: number): Promise<void> {
  l.host!.ends((await started(l, n)).processId, exited(0));
  await quiet();
}

const create = (l: Living, source: string, more: object = {}, key?: string) =>
  l.life.engine.submit<{ cellId: string }>(
    { do: 'createCell', target: '/root', source, policy: 'ContinueWhenUnblocked', ...more },
    { by: 'operator', ...(key !== undefined && { key }) },
  );

describe('a cell that goes on by itself', () => {
  test('[CE1][CE2][C-4] runs its tools and completes with nobody watching; whoever looks later finds it all (scenario 1)', async () => {
    const l = await living();
    const id = await l.cell('continue', { call: 'list_agents' }, { call: 'list_agents' }, { text: 'done' });
    expect(cellOf(l, id).end?.how).toBe('completed');
    expect(typesOf(l, id).filter((type) => type.startsWith('Frontier'))).toEqual([]);
    const view = await observe(l, id);
    expect(view).toMatchObject({ state: 'completed', next: 3 });
    expect(await printed(l, id)).toEqual(['list_agents ok', 'list_agents ok', 'done']);
    expect(await observe(l, id)).toEqual(view);
  });

  test('[CE2] is refused a resume', async () => {
    const l = await living();
    const id = await l.cell('continue', { never: true });
    expect(await l.life.cells.door.resume(id, 1)).toMatchObject({ refusal: { code: 'HOLDFAST_CELL_NOT_PAUSING' } });
  });

  test('[CE1] fires its timers in the order in which they were to fire', async () => {
    const l = await living();
    const id = await l.cell('continue', { sleep: 50 }, { print: 'now' }, { sleep: 0 }, { print: 'now' });
    await l.clock.pass(100);
    const [first, second] = eventsOf(l, 'CellTimerFired');
    expect(await printed(l, id)).toEqual([String(first!.at), String(second!.at)]);
  });
});

describe('creating', () => {
  test('[CE6][C-2, C-20] the same key and request give the same cell, another request is refused, also after a crash (scenario 25)', async () => {
    const l = await living();
    const source = cellSource({ text: 'x' });
    const first = await create(l, source, {}, 'k');
    expect(await create(l, source, {}, 'k')).toEqual(first);
    await l.crash();
    expect(await create(l, source, {}, 'k')).toEqual(first);
    expect(await create(l, cellSource({ text: 'y' }), {}, 'k')).toMatchObject({
      refusal: { code: 'HOLDFAST_KEY_REUSED' },
    });
    expect(eventsOf(l, 'CellCreated')).toHaveLength(1);
  });

  test('[CE6][C-2] a call of exec that is cut off at any point leaves no cell, or one that the log and the model name (scenario 27)', async () => {
    const l = await living();
    l.held = [];
    await l.talk.says('/root', { exec: cellSource({ never: true }), id: 'e' });
    await until(() => eventsOf(l, 'CellCreated')[0], 'its cell');
    const [created] = eventsOf(l, 'CellCreated');
    expect(created!.data).toMatchObject({ callId: 'e' });
    await l.life.engine.submit({ do: 'interrupt', target: '/root' }, { by: 'operator' });
    expect(resultOf(l, 'e')).toMatchObject({
      outcome: 'cancelled',
      output: { text: expect.stringContaining(`Script running with cell ID ${created!.data.cellId}`) },
    });
    expect(cellOf(l, created!.data.cellId).end).toBeUndefined();
  });

  test('[CE6][C-26] one whose answer nobody got is found again by its key, and no source makes an answer too large to be given', async () => {
    const l = await living();
    const source = cellSource({ text: 'x'.repeat(900_000) }, { never: true });
    void create(l, source, {}, 'k').catch(() => {});
    await until(() => eventsOf(l, 'CellCreated')[0], 'its cell');
    await l.crashAfter('CellCreated');
    const again = await create(l, source, {}, 'k');
    expect(again).toMatchObject({ ok: true, answer: { cellId: '1' } });
    expect(JSON.stringify(again).length).toBeLessThan(1_000);
    expect(eventsOf(l, 'CellCreated')).toHaveLength(1);
  });

  test('[CE6] one that meets a stop is in the log for the next life, or refused; the stop comes to its end (scenario 24)', async () => {
    const l = await living();
    l.held = [];
    const source = cellSource({ text: 'x' });
    const early = create(l, source);
    const stopping = l.life.stop('test');
    const meanwhile = create(l, source);
    await stopping;
    await expect(create(l, source)).rejects.toMatchObject({ code: 'HOLDFAST_NOT_RUNNING' });
    expect([(await early).ok, (await meanwhile).ok, l.types().at(-1)]).toEqual([true, true, 'EngineStopped']);
    expect(eventsOf(l, 'CellCreated')).toHaveLength(2);
    l.held = undefined;
    await l.begin();
    await until(() => ['1', '2'].every((id) => cellOf(l, id).end?.how === 'completed'), 'their ends');
  });

  test('[CE6] a source of nothing and tools that cells do not have are refused', async () => {
    const l = await living();
    expect(await create(l, ' ')).toMatchObject({ refusal: { code: 'HOLDFAST_CELL_EMPTY' } });
    for (const tool of ['exec', 'wait', 'rm_rf', 'constructor'])
      expect(await create(l, 'x', { tools: [tool] })).toMatchObject({ refusal: { code: 'HOLDFAST_UNKNOWN_TOOL' } });
    expect(await create(l, '[]', { tools: ['list_agents'] })).toMatchObject({ ok: true });
    expect(
      eventsOf(l, 'CellCreated')
        .at(-1)!
        .data.tools.map(({ name }) => name),
    ).toEqual(['list_agents']);
  });

  test('[CE12][C-27] at the limit one more is refused with the holders named; one that has ended holds nothing', async () => {
    const l = await living({ cells: 2 });
    const [first] = [await l.cell('continue', { never: true }), await l.cell('pause', { never: true })];
    const refused = await create(l, '[]');
    expect(refused).toMatchObject({
      refusal: { code: 'HOLDFAST_LIMIT_REACHED', details: { limit: 'cells', number: 2 } },
    });
    expect(eventsOf(l, 'LimitRefused')[0]!.data.holders.map(({ cellId }) => cellId)).toEqual(['1', '2']);
    await terminate(l, first!);
    expect(await create(l, cellSource({ text: 'x' }))).toMatchObject({ ok: true });
    await quiet();
    expect(await create(l, cellSource({ text: 'x' }))).toMatchObject({ ok: true });
  });
});

describe('tools of a cell', () => {
  test('[CE8][C-23] go on after the turn that made the cell has ended', async () => {
    const l = await living();
    const source = cellSource(
      { call: 'exec_command', args: command('a') },
      { call: 'exec_command', args: command('b') },
    );
    await l.talk.says('/root', { exec: `// @exec: {"yield_time_ms": 0}\n${source}`, id: 'e' });
    await l.talk.says('/root', { say: 'it goes on' });
    expect(l.runs('/root')).toBe(false);
    await ends(l, 0);
    await ends(l, 1);
    expect(callEnds(l, '1')).toEqual(['tool-1 ok', 'tool-2 ok']);
    expect(cellOf(l, '1').end?.how).toBe('completed');
  });

  test('[CE8][C-22] of one cell do not wait for those of another', async () => {
    const l = await living();
    const slow = await l.cell('continue', { call: 'exec_command', args: command('slow') });
    const quick = await l.cell('continue', { call: 'list_agents' });
    expect([cellOf(l, slow).end, cellOf(l, quick).end?.how]).toEqual([undefined, 'completed']);
  });

  test('[CE8] spawn agents and start processes for the agent of the cell', async () => {
    const l = await living();
    const spawn = { task_name: 'a', message: 'go', fork_turns: 'none' };
    const id = await l.cell(
      'continue',
      { call: 'spawn_agent', args: spawn },
      { call: 'exec_command', args: command('x') },
    );
    await until(() => l.runs('/root/a'), 'the start of /root/a');
    const [process] = eventsOf(l, 'ProcessRequested');
    expect(process!.data).toMatchObject({ cellId: id, callId: 'tool-2', requestId: `cell-${id}/tool-2` });
    expect(process!.by).toBe(`agent:${l.id('/root')}`);
    await ends(l, 0);
    expect(await printed(l, id)).toEqual(['spawn_agent ok', 'exec_command ok']);
  });

  test('[CE8][C-25] have one end each: those that nobody waited for are cancelled in the batch of the end (scenario 29)', async () => {
    const l = await living();
    const id = await l.cell('continue', { start: 'exec_command', args: command('x') }, { call: 'list_agents' });
    const end = ofCell(l, id).at(-1)!;
    expect(end.type).toBe('CellCompleted');
    const cancelled = eventsOf(l, 'CellToolEnded').find((e) => e.data.outcome === 'cancelled')!;
    expect([cancelled.data.callId, cancelled.batch]).toEqual(['tool-1', end.batch]);
    expect(callEnds(l, id).sort()).toEqual(['tool-1 cancelled', 'tool-2 ok']);
  });

  test('[CE8][C-28] that still run are named by the end of the cell, and by what the model reads', async () => {
    const l = await living();
    const source = cellSource({ call: 'exec_command', args: { cmd: 'serve', yield_time_ms: 250 } });
    await l.talk.says('/root', { exec: source, id: 'e' });
    await started(l, 0);
    await quiet();
    l.host!.yields();
    await until(() => resultOf(l, 'e'), 'its result');
    expect(eventsOf(l, 'CellCompleted')[0]!.data.processes).toEqual([1000]);
    expect(resultOf(l, 'e')!.output.text).toContain('Still running: session 1000');
  });

  test('[CE8] that are refused or unknown reject, and the script can catch that', async () => {
    const l = await living();
    const id = await l.cell(
      'continue',
      { call: 'write_stdin', args: { session_id: 7 }, caught: true },
      { call: 'exec' },
    );
    expect(await printed(l, id)).toEqual(['write_stdin error']);
    expect(cellOf(l, id).end).toMatchObject({ how: 'failed', error: 'tool `exec` is not enabled in exec' });
  });

  test('[CE8][C-14] a notice that nobody reads holds up neither the end of its cell nor whoever waits for that', async () => {
    const l = await living();
    const id = await l.cell('continue', { sleep: 10 }, { notify: 'a' }, { notify: 'b' }, { text: 'x' });
    const waiting = observe(l, id, { from: 0, waitMs: 60_000 });
    await l.clock.pass(10);
    expect(await waiting).toMatchObject({ state: 'completed', items: [{ text: 'x' }] });
    expect(l.life.state.mail.inboxes[l.id('/root')]!.unread).toHaveLength(2);
  });

  test('[CE8] what a script notifies is mail for its agent', async () => {
    const l = await living();
    const id = await l.cell('continue', { notify: 'half way' }, { never: true });
    expect(eventsOf(l, 'MailAccepted').at(-1)!.data).toMatchObject({
      from: 'engine',
      kind: 'notice',
      text: `Cell ${id}: half way`,
    });
  });
});

describe('many calls at once', () => {
  const list = { call: 'list_agents' };
  const spawn = {
    call: 'spawn_agent',
    args: { task_name: 'a', message: 'go', fork_turns: 'none' },
    caught: true as const,
  };

  test('[CE8] are decided in one batch, each on what came of those before it, up to one that others follow from', async () => {
    const l = await living();
    const id = await l.cell('continue', { all: [list, list, spawn, spawn, list] }, { never: true });
    const ends = eventsOf(l, 'CellToolEnded');
    expect(callEnds(l, id)).toEqual(['tool-1 ok', 'tool-2 ok', 'tool-3 ok', 'tool-4 error', 'tool-5 ok']);
    expect(ends[3]!.data.output.text).toContain('already exists');
    const listed = [0, 1, 4].map((n) => String(ends[n]!.data.output.text).includes('"/root/a"'));
    expect(listed).toEqual([false, false, true]);
    const [first, , third, fourth, last] = ends.map(({ batch }) => batch);
    expect([third === first, fourth === first, last === fourth]).toEqual([true, false, true]);
    expect(eventsOf(l, 'AgentSpawned').at(-1)!.batch).toBe(first);
  });

  test('[CE9] results that change nothing by themselves are counted with the next that does, and are held against the script like it', async () => {
    const l = await living();
    const id = await l.cell(
      'continue',
      { all: [list, list, list] },
      { text: 'all' },
      { sleep: 1_000 },
      { text: 'late' },
    );
    const drains = () => eventsOf(l, 'CellDrained').map(({ data: { drain, quiet } }) => [drain, quiet]);
    expect(drains()).toEqual([
      [0, undefined],
      [3, 2],
    ]);
    expect(cellOf(l, id)).toMatchObject({ inputs: 3, drains: 4 });
    await l.crash();
    await l.clock.pass(1_000);
    expect(await printed(l, id)).toEqual(['list_agents ok', 'list_agents ok', 'list_agents ok', 'all', 'late']);
  });
});

describe('exec and wait', () => {
  const answers = async (l: Living, id: string) => (await until(() => resultOf(l, id), `the result of ${id}`)).output;

  test('[CE1] answer as models know them', async () => {
    const l = await living();
    await l.talk.says('/root', { exec: cellSource({ text: 'a' }, { text: 'b' }), id: 'e' });
    expect((await answers(l, 'e')).text).toBe('Script completed\nWall time 0.0 seconds\nOutput:\na\nb');
    await l.talk.says('/root', { exec: cellSource({ text: 'a' }, { throw: 'boom' }), id: 'f' });
    expect((await answers(l, 'f')).text).toBe('Script failed\nWall time 0.0 seconds\nOutput:\na\nScript error:\nboom');
    expect(resultOf(l, 'f')!.outcome).toBe('error');
    await l.talk.calls('/root', 'wait', { cell_id: '9' }, 'w');
    expect((await answers(l, 'w')).text).toBe('Script error:\nexec cell 9 not found');
  });

  test('[CE1] yield after their time with what there is, and wait gives only what is new', async () => {
    const l = await living();
    const source = cellSource({ text: 'a' }, { sleep: 20_000 }, { text: 'b' });
    await l.talk.says('/root', { exec: `// @exec: {"yield_time_ms": 1000}\n${source}`, id: 'e' });
    await l.clock.pass(1_000);
    expect((await answers(l, 'e')).text).toBe('Script running with cell ID 1\nWall time 1.0 seconds\nOutput:\na');
    await l.talk.calls('/root', 'wait', { cell_id: '1' }, 'w1');
    await l.clock.pass(10_000);
    expect((await answers(l, 'w1')).text).toBe('Script running with cell ID 1\nWall time 10.0 seconds\nOutput:\n');
    await l.talk.calls('/root', 'wait', { cell_id: '1', yield_time_ms: 60_000 }, 'w2');
    await l.clock.pass(10_000);
    expect((await answers(l, 'w2')).text).toContain('Script completed');
    expect((await answers(l, 'w2')).fields).toMatchObject({ cell_id: '1', state: 'completed', output: 'b' });
  });

  test('[CE1][C-24] find a cell in a later turn and after a crash, under the same id', async () => {
    const l = await living();
    const source = cellSource({ text: 'a' }, { sleep: 5_000 }, { text: 'b' });
    await l.talk.says('/root', { exec: `// @exec: {"yield_time_ms": 0}\n${source}`, id: 'e' });
    await l.talk.says('/root', { say: 'later' });
    await l.crash();
    await l.life.engine.submit({ do: 'send', target: '/root', text: 'go on', followup: true }, { by: 'operator' });
    await l.talk.calls('/root', 'wait', { cell_id: '1' }, 'w');
    await l.clock.pass(5_000);
    expect((await answers(l, 'w')).fields).toMatchObject({ state: 'completed', output: 'a\nb' });
    expect(await l.cell('continue', { never: true })).toBe('2');
  });

  test('[CE7] wait ends an endless loop at once when it is told to (scenario 23)', async () => {
    const l = await living();
    await l.talk.says('/root', {
      exec: `// @exec: {"yield_time_ms": 0}\n${cellSource({ text: 'a' }, { spin: true })}`,
      id: 'e',
    });
    await answers(l, 'e');
    await l.talk.calls('/root', 'wait', { cell_id: '1', terminate: true }, 'w');
    expect((await answers(l, 'w')).text).toBe('Script terminated\nWall time 0.0 seconds\nOutput:\n');
    expect(l.cells.alive).toEqual([]);
  });

  test('[CE1] what is wrong with a source is said in the words of the peer, and no cell is made', async () => {
    const l = await living();
    const faults: readonly (readonly [string, string])[] = [
      ['  ', 'exec expects raw JavaScript source text (non-empty)'],
      ['// @exec: {}', 'exec pragma must be followed by JavaScript source on subsequent lines'],
      [
        '// @exec: [1]\nx',
        'exec pragma must be a JSON object with supported fields `yield_time_ms` and `max_output_tokens`',
      ],
      ['// @exec: {"x": 1}\nx', 'exec pragma only supports `yield_time_ms` and `max_output_tokens`; got `x`'],
      ['// @exec: {"yield_time_ms": -1}\nx', 'exec pragma field `yield_time_ms` must be a non-negative safe integer'],
    ];
    for (const [i, [source, fault]] of faults.entries()) {
      await l.talk.says('/root', { exec: source, id: `e${i}` });
      expect((await answers(l, `e${i}`)).text).toContain(fault);
    }
    expect(eventsOf(l, 'CellCreated')).toEqual([]);
  });

  test('[CE1][C-19] a script that fails in the words for a missing cell is not taken for one', async () => {
    const l = await living();
    await l.talk.says('/root', { exec: cellSource({ throw: 'exec cell 1 not found' }), id: 'e' });
    const failed = { cell_id: '1', state: 'failed', error: 'exec cell 1 not found' };
    expect((await answers(l, 'e')).fields).toMatchObject(failed);
    for (const [cell_id, id] of [
      ['1', 'w1'],
      ['9', 'w9'],
    ])
      await l.talk.calls('/root', 'wait', { cell_id }, id);
    expect((await answers(l, 'w1')).fields).toMatchObject(failed);
    expect((await answers(l, 'w9')).fields).toBeUndefined();
    expect(await l.life.cells.door.observe('1', {})).toMatchObject({ ok: true, answer: { state: 'failed' } });
    expect(await l.life.cells.door.observe('9', {})).toMatchObject({ refusal: { code: 'HOLDFAST_CELL_NOT_FOUND' } });
  });

  test('[CE8] a cell of another agent is not found', async () => {
    const l = await living();
    await l.spawn('/root', 'a');
    await l.cell('continue', { never: true });
    await l.talk.calls('/root/a', 'wait', { cell_id: '1', terminate: true }, 'w');
    expect((await answers(l, 'w')).text).toContain('exec cell 1 not found');
    expect(cellOf(l, '1').end).toBeUndefined();
  });
});

describe('the end of a cell', () => {
  test('[CE7][C-17] commits its store when it completes, fails or exits, not when it is terminated or lost (scenario 28)', async () => {
    const l = await living();
    const store = (key: string) => ({ store: key, value: key });
    await l.cell('continue', store('completed'));
    await l.cell('continue', store('failed'), { throw: 'x' });
    await l.cell('continue', store('exited'), { exit: true }, { throw: 'never' });
    await terminate(l, await l.cell('continue', store('terminated'), { never: true }));
    l.held = [];
    const lost = await l.cell('continue', store('lost'), { never: true });
    for (let i = 0; i < 4; i += 1) {
      l.cells.kill(lost);
      await quiet();
    }
    await l.letMachinesGo();
    expect(cellOf(l, lost).end?.how).toBe('lost');
    expect(Object.keys(l.life.state.stores[l.id('/root')]!)).toEqual(['completed', 'failed', 'exited']);
    const keys = ['completed', 'failed', 'exited', 'terminated', 'lost'];
    const reader = await l.cell('continue', ...keys.map((load) => ({ print: { load } })));
    expect(await printed(l, reader)).toEqual(['"completed"', '"failed"', '"exited"', 'null', 'null']);
  });

  test('[CE7][C-16] store and end are one batch, whoever looks or does not', async () => {
    const l = await living();
    const id = await l.cell('continue', { store: 'k', value: 1 });
    const [store] = eventsOf(l, 'StoreCommitted');
    expect(store!.data).toEqual({ agentId: l.id('/root'), cellId: id, writes: { k: 1 } });
    expect(ofCell(l, id).at(-1)).toMatchObject({ type: 'CellCompleted', batch: store!.batch });
  });

  test('[CE7][C-15] a key that another cell has committed since is not written, the others are, and the end names it', async () => {
    const l = await living();
    await l.cell('continue', { store: 'n', value: 0 });
    const bump = (own: string) => [{ sleep: 1_000 }, { store: 'n', value: own }, { store: own, value: true }];
    const [a, b] = [await l.cell('continue', ...bump('a')), await l.cell('continue', ...bump('b'))];
    await l.clock.pass(1_000);
    const ends = eventsOf(l, 'CellCompleted')
      .slice(1)
      .map(({ data }) => data.conflicts);
    expect([cellOf(l, a!).end?.how, cellOf(l, b!).end?.how, ends]).toEqual(['completed', 'completed', [[], ['n']]]);
    const reader = await l.cell('continue', ...['n', 'a', 'b'].map((load) => ({ print: { load } })));
    expect(await printed(l, reader)).toEqual(['"a"', 'true', 'true']);
  });

  test('[CE7] names of members that every object has are keys like others', async () => {
    const l = await living();
    await l.cell('continue', { store: 'constructor', value: 1 }, { store: 'toString', value: 2 });
    const id = await l.cell('continue', { print: { load: 'constructor' } }, { print: { load: 'valueOf' } });
    expect(await printed(l, id)).toEqual(['1', 'null']);
    expect(eventsOf(l, 'CellCompleted').flatMap(({ data }) => data.conflicts)).toEqual([]);
  });

  test('[CE7][C-9, C-10] a termination that came first wins over a completion that is on its way (scenarios 19, 20)', async () => {
    const l = await living();
    l.held = [];
    const id = await l.cell('continue', { store: 'k', value: 1 });
    const answer = await terminate(l, id);
    await l.letMachinesGo();
    expect(answer).toMatchObject({ ok: true, answer: { outcome: 'terminated' } });
    expect(typesOf(l, id).filter((type) => /Completed|Terminated|Lost/.test(type))).toEqual(['CellTerminated']);
    expect(await printed(l, await l.cell('continue', { print: { load: 'k' } }))).toEqual(['null']);
  });

  test('[CE7][C-12] who comes second is told how it ended (scenarios 21, 22)', async () => {
    const l = await living();
    const done = await l.cell('continue', { text: 'x' });
    for (let i = 0; i < 2; i += 1)
      expect(await terminate(l, done)).toMatchObject({ answer: { outcome: 'already-ended', end: 'completed' } });
    const id = await l.cell('continue', { call: 'exec_command', args: command('x') });
    const both = await Promise.all([terminate(l, id), terminate(l, id)]);
    expect(both.map((a) => a.ok && a.answer.outcome)).toEqual(['terminated', 'already-ended']);
    expect(callEnds(l, id)).toEqual(['tool-1 cancelled']);
  });

  test('[CE7] a termination goes through the middle of an endless loop, and another cell does not notice', async () => {
    const l = await living();
    const spinning = await l.cell('continue', { spin: true });
    const other = await l.cell('continue', { call: 'list_agents' });
    expect(cellOf(l, other).end?.how).toBe('completed');
    await terminate(l, spinning);
    await quiet();
    expect(l.cells.alive).toEqual([]);
  });

  test('[CE8][CE7] closing an agent ends its cells and their calls first; their processes are stopped', async () => {
    const l = await living();
    await l.spawn('/root', 'a');
    await l.talk.says('/root/a', { exec: cellSource({ call: 'exec_command', args: command('x') }), id: 'e' });
    await started(l, 0);
    const from = l.events.length;
    await l.life.engine.submit({ do: 'close', target: '/root/a' }, { by: 'operator' });
    expect(l.types(from).slice(0, 3)).toEqual(['CellToolEnded', 'CellTerminated', 'ToolCallEnded']);
    expect(l.types(from)).toContain('ProcessStopRequested');
    expect(
      await l.life.engine.submit({
        do: 'createCell',
        target: '/root/a',
        source: '[]',
        policy: 'ContinueWhenUnblocked',
      }),
    ).toMatchObject({ ok: false });
  });

  test('[CE8][CE7] an interruption leaves the cells of an agent alone, as it leaves its processes', async () => {
    const l = await living();
    await l.talk.says('/root', { exec: cellSource({ sleep: 1_000 }, { text: 'still here' }), id: 'e' });
    await l.life.engine.submit({ do: 'interrupt', target: '/root' }, { by: 'operator' });
    await l.clock.pass(1_000);
    expect(await printed(l, '1')).toEqual(['still here']);
  });
});

describe('after a crash', () => {
  test('[CE9] a cell is run again with its recorded inputs and goes on: same time, same chance, nothing printed twice', async () => {
    const l = await living();
    const id = await l.cell(
      'continue',
      { print: 'now' },
      { print: 'random' },
      { sleep: 1_000 },
      { print: 'now' },
      { print: 'random' },
    );
    const before = await printed(l, id);
    await l.crash();
    await l.clock.pass(1_000);
    const after = await printed(l, id);
    expect([after.slice(0, 2), after.length]).toEqual([before, 4]);
    expect(l.cells.made).toBe(1);
    expect(cellOf(l, id).end?.how).toBe('completed');
  });

  test('[CE9][TU6] a command that ran through the crash gives its result to the cell, and is not started again', async () => {
    const l = await living();
    const id = await l.cell('continue', { call: 'exec_command', args: command('x') }, { text: 'done' });
    await started(l, 0);
    await l.crash();
    await ends(l, 0);
    await until(() => cellOf(l, id).end, 'its end');
    expect(l.host!.starts).toHaveLength(1);
    expect(await printed(l, id)).toEqual(['exec_command ok', 'done']);
  });

  test('[CE9][TU6] a call whose host is gone is indeterminate, an error that the script can catch', async () => {
    const l = await living();
    const id = await l.cell(
      'continue',
      { call: 'exec_command', args: command('x'), caught: true },
      { text: 'went on' },
    );
    await started(l, 0);
    l.host = undefined;
    await l.crash();
    await until(() => cellOf(l, id).end, 'its end');
    expect(callEnds(l, id)).toEqual(['tool-1 indeterminate']);
    expect(await printed(l, id)).toEqual(['exec_command indeterminate', 'went on']);
  });

  test('[CE9][TU6] calls that were requested and not decided are decided by the next life, once', async () => {
    const l = await living();
    const id = await l.cell('continue', { all: [{ call: 'list_agents' }, { call: 'list_agents' }] });
    await l.crashAfter('CellDrained');
    const drained = eventsOf(l, 'CellDrained')[0]!;
    expect(drained.data.calls).toBe(2);
    await until(() => cellOf(l, id).end, 'its end');
    expect(callEnds(l, id)).toEqual(['tool-1 ok', 'tool-2 ok']);
  });

  test('[CE9] a script that does something else than what is recorded is lost, and the first difference is named', async () => {
    const l = await living();
    const id = await l.cell('continue', { call: 'exec_command', args: command('x') }, { text: 'done' });
    await started(l, 0);
    const created = eventsOf(l, 'CellCreated')[0]! as { data: { source: unknown } };
    created.data.source = cellSource({ call: 'exec_command', args: command('y') }, { text: 'done' });
    await l.crash();
    await ends(l, 0);
    await until(() => cellOf(l, id).end, 'its end');
    const [lost] = eventsOf(l, 'CellLost');
    expect(lost!.data.difference).toMatchObject({
      drain: 0,
      what: 'calls',
      recorded: expect.stringContaining('"cmd":"x"'),
      found: expect.stringContaining('"cmd":"y"'),
    });
  });

  test('[CE9][CE10] limits are those of its creation, whatever they are in the life that runs it again', async () => {
    const cells = (outputBytes: number) => ({
      cells: { runtime: inlineCells(), limits: { ...defaultCellLimits, outputBytes } },
    });
    const l = await living({}, cells(100));
    const made = await create(l, "text('x'.repeat(50)); await tools.wait_agent({}); text('y'.repeat(50))");
    const id = made.ok ? made.answer.cellId : '';
    await until(() => cellOf(l, id).open === 1, 'its wait');
    await l.crash(cells(10));
    await l.life.engine.submit({ do: 'send', target: '/root', text: 'go on' }, { by: 'operator' });
    await until(() => cellOf(l, id).end, 'its end');
    expect(cellOf(l, id).end).toMatchObject({ how: 'failed', reason: 'HOLDFAST_CELL_OUTPUT_LIMIT' });
    expect(await printed(l, id)).toEqual(['x'.repeat(50)]);
    expect(eventsOf(l, 'CellCreated')[0]!.data.limits).toMatchObject({ outputBytes: 100 });
  });

  test('[CE9] the store that a cell sees is that of its creation, also when it is run again', async () => {
    const l = await living();
    await l.cell('continue', { store: 'k', value: 'old' });
    const id = await l.cell('continue', { sleep: 1_000 }, { print: { load: 'k' } });
    await l.cell('continue', { store: 'k', value: 'new' });
    await l.crash();
    await l.clock.pass(1_000);
    expect(await printed(l, id)).toEqual(['"old"']);
  });

  test('[CE9][CE1] output and end of a cell that has ended are read from the log alone', async () => {
    const l = await living();
    const id = await l.cell('continue', { text: 'x' }, { throw: 'y' });
    await l.crash();
    expect(await observe(l, id)).toMatchObject({ state: 'failed', items: [{ text: 'x' }], end: { error: 'y' } });
    expect(l.cells.made).toBe(0);
  });

  test('[CE9] a stop in order leaves a cell where it is, and the next life goes on with it', async () => {
    const l = await living();
    const id = await l.cell('continue', { sleep: 1_000 }, { text: 'x' });
    await l.talk.says('/root', { say: 'done' });
    await l.life.stop('test');
    expect(typesOf(l, id).at(-1)).toBe('CellDrained');
    await l.begin();
    await l.clock.pass(1_000);
    expect(await printed(l, id)).toEqual(['x']);
  });
});

describe('a cell that waits for mail', () => {
  const waiting = cellSource({ call: 'wait_agent', args: { timeout_ms: 20_000 } }, { text: 'mail' });

  test('[SL10] parks the turn that only waits for it, which takes a slot again before it goes on', async () => {
    const l = await living({ whenFull: 'queue', activeTurns: 1 });
    await l.spawn('/root', 'a');
    const parent = l.talk.says('/root/a', {
      exec: cellSource(
        { call: 'spawn_agent', args: { task_name: 'b', message: 'go', fork_turns: 'none' } },
        { call: 'wait_agent' },
        { text: 'mail' },
      ),
      id: 'e',
    });
    await parent;
    await until(() => eventsOf(l, 'TurnParked').length > 0, 'its parking');
    await until(() => l.runs('/root/a/b'), 'the start of b');
    await l.talk.says('/root/a/b', { say: 'found it' });
    await until(() => resultOf(l, 'e'), 'its result');
    expect(resultOf(l, 'e')!.output.fields).toMatchObject({
      state: 'completed',
      output: 'spawn_agent ok\nwait_agent ok\nmail',
    });
    expect(eventsOf(l, 'TurnUnparked')).toHaveLength(1);
  });

  test('[SL10] parks its turn as well when the mode changes to `queue` while it waits', async () => {
    const l = await living({ activeTurns: 1 });
    await l.spawn('/root', 'a');
    await l.talk.says('/root/a', { exec: waiting, id: 'e' });
    await until(() => l.life.state.cells.all['1']?.waits === 1, 'its wait');
    await l.life.engine.submit({ do: 'changeLimits', limits: { whenFull: 'queue' } }, { by: 'operator' });
    expect(eventsOf(l, 'TurnParked')).toHaveLength(1);
  });

  test('[MA5] is answered at once when there is nothing to wait for', async () => {
    const l = await living();
    await l.talk.says('/root', { exec: waiting, id: 'e' });
    await until(() => resultOf(l, 'e'), 'its result');
    expect(resultOf(l, 'e')!.output.fields).toMatchObject({ state: 'completed' });
  });

  test('[MA5][TU6] keeps its deadline through a crash', async () => {
    const l = await living();
    await l.spawn('/root', 'a');
    await l.talk.says('/root', { exec: waiting, id: 'e' });
    await l.clock.pass(10_000);
    await l.crash();
    await l.clock.pass(10_000);
    expect(callEnds(l, '1')).toEqual(['tool-1 ok']);
    expect(eventsOf(l, 'CellToolEnded')[0]!.data.output.fields).toMatchObject({ timed_out: true });
  });
});
