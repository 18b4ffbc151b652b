import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { statusOf } from '../../projections/status.ts';
import { copyOf, fixture, Imported, imported, shared } from './imported.ts';

describe('the first generation of agents', () => {
  test('a team becomes a tree, with its refusals, messages, waits and closes', async () => {
    const team = await imported(fixture('codex-v1-team'));
    const { agents } = team.state;
    expect(Object.values(agents).map(({ path }) => path)).toEqual([
      '/root',
      ...['fern', 'moss', 'reed', 'sage', 'yew', 'ivy', 'elm'].map((name) => `/root/${name}`),
    ]);
    expect(team.of('SlotRefused').map(({ data }) => [data.number, data.holders.length, data.imported?.mark])).toEqual([
      [6, 6, 'written'],
    ]);
    const spawnCalls = team.of('ToolCallStarted').filter(({ data }) => data.tool === 'spawn_agent');
    expect(spawnCalls).toHaveLength(9);
    const refused = team.of('ToolCallEnded').filter(({ data }) => data.outcome === 'refused');
    expect(refused.map(({ data }) => data.callId)).toEqual(['call_spawn_bad', 'call_spawn_full']);
    // The turn that a message starts is named after it: two files say the same.
    const [sent] = team.of('MailAccepted').filter(({ data }) => data.kind === 'followup');
    const started = team.of('TurnStarted').find(({ data }) => data.turnId === 'turn-fern-2');
    expect(started?.data.mailIds).toEqual([sent?.data.mailId]);
    expect(team.of('AgentClosed').map(({ data }) => team.path(data.agentId))).toEqual(['/root/fern', '/root/moss']);
    const waits = team.of('ToolCallStarted').filter(({ data }) => data.tool === 'wait_agent');
    const waited = team.of('ToolCallEnded').filter(({ data }) => waits.some((w) => w.data.callId === data.callId));
    expect(waited.map(({ data }) => data.outcome)).toEqual([...waits.slice(1).map(() => 'ok'), 'cancelled']);
  });

  test('an open turn stays open, an interrupted one is interrupted, and no end is made up', async () => {
    const team = await imported(fixture('codex-v1-team'));
    expect(team.report.openTurns).toBe(1);
    expect(Object.keys(team.state.turns)).toEqual(['turn-p2']);
    expect(team.of('TurnInterrupted').map(({ data }) => [data.turnId, data.reason])).toEqual([
      ['turn-p1', 'interrupted'],
    ]);
    expect(team.of('TurnCompleted')).toHaveLength(8);
    expect(statusOf(team.state, team.state.agents[team.agentAt('/root')]!).is).toBe('running');
  });

  test('slots are computed by the policy of the tool, and the refusal comes where they are all held', async () => {
    const team = await imported(fixture('codex-v1-team'));
    const expected = [
      '09:00:10.000 reserved fern 1',
      '09:00:10.020 committed fern 1',
      '09:00:40.000 reserved moss 2',
      '09:00:40.020 committed moss 2',
      '09:00:50.000 reserved reed 3',
      '09:00:50.020 committed reed 3',
      '09:01:00.000 reserved sage 4',
      '09:01:00.020 committed sage 4',
      '09:01:10.000 reserved yew 5',
      '09:01:10.020 committed yew 5',
      '09:01:20.000 reserved ivy 6',
      '09:01:20.020 committed ivy 6',
      '09:01:30.001 refused 6',
      '09:01:35.001 released fern 5',
      '09:01:35.002 released moss 4',
      '09:01:40.000 reserved elm 5',
      '09:01:40.020 committed elm 5',
    ];
    expect(team.steps('codex-v1(max=6)')).toEqual(expected);
    expect(team.steps('codex-v2(max=4)').filter((step) => step.includes('refused'))).toEqual([]);
    const computed = team.events.filter(({ type }) =>
      /^(?:Slot(?:Reserved|Committed|Released)|AgentLoaded)$/.test(type),
    );
    expect(new Set(computed.map(({ data }) => data.imported?.mark))).toEqual(new Set(['computed']));
    expect(team.report.policies).toEqual({ [team.agentAt('/root')]: 'codex-v1(max=6)' });
    expect(team.state.slots.held).toBe(5);
  });

  test('a file without a header goes on with the turn that it names', async () => {
    const folder = copyOf('codex-v1-team');
    const team = new Imported();
    await team.add(folder);
    const before = team.events.length;
    const report = await team.add(fixture('codex-v1-rest'));
    expect(report.defects).toEqual({});
    expect(team.of('TurnCompleted').at(-1)?.data).toMatchObject({ turnId: 'turn-p2', message: 'Bed 7 needs water.' });
    expect(team.of('TurnCompleted').at(-1)?.position).toBeGreaterThan(before);
    expect(report.openTurns).toBe(0);
  });
});

describe('the second generation of agents', () => {
  test('paths, mail and its deliveries, and what is encrypted stays so', async () => {
    const team = await imported(fixture('codex-v2-team'));
    expect(Object.values(team.state.agents).map(({ path }) => path)).toEqual(['/root', '/root/builder', '/root/twin']);
    const mail = team.of('MailAccepted').map(({ data }) => [data.kind, team.path(data.to), data.text]);
    expect(mail).toEqual([
      ['operator', '/root', 'build the shed'],
      ['spawn', '/root/builder', expect.stringMatching(/^\[encrypted, \d+ characters\]$/)],
      ['spawn', '/root/twin', 'Do as I do.'],
      ['message', '/root/builder', 'Mind the roof.'],
      ['completion', '/root', 'The shed stands.'],
    ]);
    expect(team.of('MailConsumed')).toHaveLength(mail.length);
    expect(team.state.mail.inboxes).toEqual({});
  });

  test('what a fork has copied is the parent’s: nothing of it is told or counted twice', async () => {
    const team = await imported(fixture('codex-v2-team'));
    const twin = team.agentAt('/root/twin');
    expect(team.of('TurnStarted').filter(({ data }) => data.agentId === twin)).toHaveLength(1);
    expect(team.of('ToolCallStarted').filter(({ data }) => data.agentId === twin)).toEqual([]);
    expect(team.state.agents[twin]?.usage).toEqual({ inputTokens: 100, outputTokens: 10 });
    expect(team.state.agents[team.agentAt('/root')]?.usage).toEqual({ inputTokens: 300, outputTokens: 30 });
    expect(team.state.agents[twin]?.forkedFrom).toMatchObject({ agentId: team.agentAt('/root'), turns: 'all' });
  });

  test('processes outlive their calls, and a number of the tool that comes again is another process', async () => {
    const team = await imported(fixture('codex-v2-team'));
    const told = Object.values(team.state.processes.all).map(({ command, bootId, end }) => [
      command[2],
      bootId,
      end === undefined ? 'running' : end.code,
    ]);
    expect(told).toEqual([
      ['saw --all', 'number 4711', 0],
      ['nail', 'number 4712', 3],
      ['saw --rest', 'number 4711', 'running'],
    ]);
    expect(team.of('ProcessWritten').map(({ data }) => data.bytes)).toEqual([2]);
    for (const { data } of team.of('ProcessStarted')) expect(data.imported?.mark).toBe('unknowable');
  });

  test('kinds that nobody knows are kept and counted, and lines that fit nowhere are told', async () => {
    const { report, ...team } = await imported(fixture('codex-v2-team'));
    const kept = team.events.flatMap(({ type, data }) =>
      type === 'RecordKept' ? [(data as { kind: string }).kind] : [],
    );
    expect(kept).toEqual(['sub_agent_activity levitated', 'moon_phase']);
    expect(report.kinds.moon_phase).toBe(1);
    const defects = team.events.flatMap(({ type, data }) =>
      type === 'DefectFound' ? [(data as { defect: string }).defect] : [],
    );
    expect(defects).toEqual(['an end of a turn that is not open', 'a result without an open call']);
  });

  test('cells run on behind their calls, under a name of the tool’s own, and end where somebody saw it', async () => {
    const team = await imported(fixture('codex-v2-team'));
    const told = Object.values(team.state.cells.all).map(({ cellId, madeBy, offset, yields, end }) => [
      cellId,
      madeBy?.callId,
      offset,
      yields,
      end?.how,
    ]);
    expect(told).toEqual([
      ['1', 'b_cell', 2, [1], 'completed'],
      ['2', 'b_cell2', 1, [], 'failed'],
    ]);
    expect(team.of('CellCreated').map(({ data }) => data.source)).toContain('nonsense(');
  });

  test('a compaction is told, and the history that it embeds is not', async () => {
    const team = await imported(fixture('codex-v2-team'));
    expect(team.of('HistoryCompacted').map(({ data }) => data.summary)).toEqual(['We built a shed.']);
  });
});

describe('before turns had lines', () => {
  test('an item outside of a turn has begun one, and the next message ends the one before', async () => {
    const bare = await imported(fixture('codex-bare'));
    expect(bare.of('TurnStarted').map(({ data }) => data.imported?.mark)).toEqual(['inferred']);
    expect(bare.of('MailAccepted').map(({ data }) => data.text)).toEqual(['count the beds']);
    expect(bare.of('ProcessExited').map(({ data }) => data.code)).toEqual([0]);
    expect(bare.report.openTurns).toBe(1);
    const turnless = await imported(fixture('codex-turnless'));
    expect(turnless.of('TurnCompleted').map(({ data }) => [data.message, data.imported?.mark])).toEqual([
      ['The tank is empty.', 'inferred'],
    ]);
    expect(turnless.of('TurnInterrupted')).toHaveLength(1);
    expect(turnless.of('ProcessExited').map(({ data }) => data.code)).toEqual([7]);
  });
});

describe.skipIf(!existsSync(shared))('rollouts of others, where they are at hand', () => {
  test('the team of codex 0.125 comes out as expected, under its own policy and under the next', async () => {
    const team = await imported(join(shared, 'codex-0.125-team'));
    expect(team.steps('codex-v1(max=6)')).toEqual([
      '23:26:19.952 reserved socrates 1',
      '23:26:19.977 committed socrates 1',
      '23:27:11.224 reserved averroes 2',
      '23:27:11.245 committed averroes 2',
      '23:28:34.592 reserved hypatia 3',
      '23:28:34.633 committed hypatia 3',
      '23:28:58.567 reserved pascal 4',
      '23:28:58.578 committed pascal 4',
      '23:31:15.260 reserved nash 5',
      '23:31:15.275 committed nash 5',
      '23:32:02.165 reserved peirce 6',
      '23:32:02.187 committed peirce 6',
      '23:32:40.576 refused 6',
      '23:32:45.171 released socrates 5',
      '23:32:45.173 released averroes 4',
      '23:32:45.175 released hypatia 3',
      '23:32:45.176 released pascal 2',
      '23:32:45.178 released nash 1',
      '23:32:49.623 reserved godel 2',
      '23:32:49.794 committed godel 2',
      '23:33:09.642 reserved harvey 3',
      '23:33:09.657 committed harvey 3',
    ]);
    expect(team.steps('codex-v2(max=4)').filter((step) => step.includes('refused'))).toEqual([]);
    const calls = (tool: string) => team.of('ToolCallStarted').filter(({ data }) => data.tool === tool);
    expect([calls('spawn_agent'), calls('wait_agent'), calls('close_agent')].map(({ length }) => length)).toEqual([
      10, 10, 5,
    ]);
    const children = team.of('TurnStarted').filter(({ data }) => team.path(data.agentId) !== '/root');
    expect(children).toHaveLength(10);
    const sent = team.of('MailAccepted').filter(({ data }) => data.kind === 'followup');
    const joined = ['019ddb91-cff8-7d81-8981-67fefac4d892', '019ddb94-1227-7dc1-80c7-beb19a27ff0a'];
    expect(joined.map((id) => children.find(({ data }) => data.turnId === id)?.data.mailIds)).toEqual(
      sent.map(({ data }) => [data.mailId]),
    );
    expect(team.report.defects).toEqual({});
  });

  test('the rollouts of codex 0.169 and of claude 1.0 leave nothing unexplained', async () => {
    const codex = await imported(join(shared, 'codex-0.169-team'));
    expect(codex.of('RecordKept')).toEqual([]);
    expect(codex.of('DefectFound')).toEqual([]);
    expect(codex.state.mail.inboxes).toEqual({});
    const claude = await imported(join(shared, 'claude-1.0-sidechains'), 'claude');
    expect(claude.of('RecordKept')).toEqual([]);
    expect(claude.of('DefectFound')).toEqual([]);
    expect(claude.state.roots).toHaveLength(2);
  });
});
