import { execFileSync } from 'node:child_process';
import { beforeAll, describe, expect, test } from 'vitest';
import { fieldsOf } from '../../projections/toolOutput.ts';
import { checkout, fleetFile, type Lived, lived, ofType } from './lived.ts';

const shell = (command: string): string =>
  execFileSync('/bin/bash', ['-c', command], { cwd: checkout, encoding: 'utf8' });

describe('the main job', () => {
  let job: Lived;
  beforeAll(async () => {
    job = await lived('main');
  });

  const path = (agentId: string) => job.accounts.paths.get(agentId) ?? agentId;
  const ends = () => ofType(job.events, 'ToolCallEnded');
  const end = (at: string, callId: string) =>
    ends().find(({ data }) => path(data.agentId) === at && data.callId === callId)?.data;
  const output = (at: string, callId: string) => String(fieldsOf(end(at, callId)!.output)?.output);

  test('ends within 30 s with the answers of its scripts, from eight agents', () => {
    expect(job.ms).toBeLessThan(30_000);
    const said: Record<string, string[]> = {};
    for (const { data } of ofType(job.events, 'TurnCompleted'))
      (said[path(data.agentId)] ??= []).push(`${data.message}`);
    const scripts = Object.entries(fleetFile('main').scripts ?? {});
    const expected = scripts.map(([at, lists]) => [
      at,
      lists.flatMap((list) => (Array.isArray(list) ? list.flatMap((item) => ('say' in item ? [item.say] : [])) : [])),
    ]);
    expect(said).toEqual(Object.fromEntries(expected));
    expect(job.accounts.paths.size).toBe(8);
  });

  test('runs real commands and records what they really say', () => {
    expect(output('/root/types', 'check')).toBe('no errors\n');
    expect(Number(output('/root/types', 'files'))).toBeGreaterThan(100);
    expect(output('/root/counter', 'folders')).toBe(shell('ls -d src/*/ | wc -l'));
    expect(output('/root/counter', 'sources').trim()).toMatch(/^\d{4,}$/);
    expect(output('/root/search', 'left')).toBe('nothing is left\n');
    expect(output('/root/search', 'rules')).toBe(shell("grep -cE '^- [*]{2}' test/RULES.md"));
    expect(output('/root/tester', 'run')).toContain('1 passed (1)');
    expect(Number(output('/root/tester/cases', 'count'))).toBeGreaterThan(100);
  });

  test('[RE3] keeps a shell in a terminal through the eviction of its agent', () => {
    const session = end('/root/shell', 'sh')?.output.fields?.session_id;
    const typed = ['sh', 'where', 'sum', 'still', 'bye'].map((id) => output('/root/shell', id)).join('');
    expect(typed).toContain(`${checkout}src`);
    expect(typed).toContain('the answer is 42');
    expect(typed).toContain('it is still 42 in src');
    expect(end('/root/shell', 'bye')?.output.fields).toMatchObject({ exit_code: 7 });
    expect(ofType(job.events, 'ProcessExited').find(({ data }) => data.processId === session)?.data.code).toBe(7);
    expect(ofType(job.events, 'AgentEvicted').map(({ data }) => path(data.agentId))).toContain('/root/shell');
  });

  test('[SL5] is refused one spawn, with the holders named, and gets it after a wait', () => {
    expect(ofType(job.events, 'SlotRefused')).toHaveLength(1);
    const [{ data }] = ofType(job.events, 'SlotRefused') as [ReturnType<typeof ofType<'SlotRefused'>>[0]];
    expect(data).toMatchObject({ limit: 'activeTurns', number: 3 });
    expect(data.holders.map((holder) => holder.path)).toEqual(['/root/types', '/root/counter', '/root/shell']);
    expect(end('/root', 'refused')?.outcome).toBe('refused');
    expect(end('/root', 'search')?.outcome).toBe('ok');
    expect(job.accounts.slotsMost).toBe(3);
  });

  test('[TU1] interrupts one agent, which does another task afterwards; nothing else goes wrong', () => {
    const interrupted = ofType(job.events, 'TurnInterrupted').map(({ data }) => path(data.agentId));
    expect(interrupted).toEqual(['/root/watcher']);
    const odd = ends().filter(({ data }) => data.outcome !== 'ok');
    expect(odd.map(({ data }) => `${data.callId} ${data.outcome}`)).toEqual(['refused refused', 'more cancelled']);
    expect(end('/root/watcher', 'last')?.output.fields).toMatchObject({ exit_code: 143 });
  });

  test('[RE1] brings evicted agents back, and every report arrives', () => {
    const evicted = new Set(ofType(job.events, 'AgentEvicted').map(({ data }) => path(data.agentId)));
    expect([...evicted]).toEqual(
      expect.arrayContaining(['/root/types', '/root/counter', '/root/shell', '/root/search']),
    );
    const back = ofType(job.events, 'AgentLoaded').filter(({ data }) => data.reason === 'followup');
    expect(back.map(({ data }) => path(data.agentId)).sort()).toEqual([
      '/root/counter',
      '/root/search',
      '/root/shell',
      '/root/types',
    ]);
    const reports = ofType(job.events, 'MailAccepted').filter(({ data }) => data.kind === 'message');
    expect(reports.map(({ data }) => `${path(data.from)} ${path(data.to)}`).sort()).toEqual([
      '/root /root/search',
      '/root /root/shell',
      '/root/counter /root/shell',
      '/root/search /root/types',
      '/root/types /root/counter',
      '/root/watcher /root',
    ]);
  });
});
