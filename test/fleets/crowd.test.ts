import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { checkout, type Lived, lived, ofType } from './lived.ts';

describe('200 agents with 3 slots and 8 residents', () => {
  let crowd: Lived;
  beforeAll(async () => {
    crowd = await lived('crowd');
  });

  test('[SL10] all finish, although each parent of a chain waits for its child', () => {
    const completed = ofType(crowd.events, 'TurnCompleted');
    expect(crowd.accounts.paths.size).toBe(201);
    expect(new Set(completed.map(({ data }) => data.agentId)).size).toBe(201);
    expect(completed).toHaveLength(201);
    expect(ofType(crowd.events, 'TurnParked').length).toBe(160);
    expect(ofType(crowd.events, 'ProcessExited')).toHaveLength(200);
  });

  test('[SL1] at most 3 of their turns run at any position', () => {
    const running = new Set<string>();
    const root = ofType(crowd.events, 'AgentSpawned')[0]!.data.agentId;
    let most = 0;
    for (const { type, data } of crowd.events) {
      if (type === 'TurnStarted' && data.agentId !== root) running.add(data.turnId);
      else if (type === 'TurnUnparked') running.add(data.turnId);
      else if (type === 'TurnParked' || type === 'TurnCompleted') running.delete(data.turnId);
      most = Math.max(most, running.size);
    }
    expect(most).toBe(3);
    expect(running.size).toBe(0);
  });

  test('[MA4] all 200 completions are delivered once, each to the parent, and read', () => {
    const letters = ofType(crowd.events, 'MailAccepted').filter(({ data }) => data.kind === 'completion');
    const parents = new Map(ofType(crowd.events, 'AgentSpawned').map(({ data }) => [data.agentId, data.parentId]));
    expect(letters).toHaveLength(200);
    expect(new Set(letters.map(({ data }) => data.ofTurn)).size).toBe(200);
    expect(letters.filter(({ data }) => parents.get(data.from as never) !== data.to)).toEqual([]);
    const consumed = ofType(crowd.events, 'MailConsumed').map(({ data }) => data.mailId);
    expect(new Set(consumed).size).toBe(consumed.length);
    expect(letters.filter(({ data }) => !consumed.includes(data.mailId))).toEqual([]);
  });

  test('is written by the script beside it', () => {
    const folder = mkdtempSync(join(tmpdir(), 'holdfast-crowd-'));
    const fleets = join(checkout, 'fixtures/fleets');
    execFileSync(process.execPath, [join(fleets, 'crowd.mjs'), join(folder, 'crowd.json')]);
    const written = JSON.parse(readFileSync(join(folder, 'crowd.json'), 'utf8'));
    expect(written).toEqual(JSON.parse(readFileSync(join(fleets, 'crowd.json'), 'utf8')));
    rmSync(folder, { recursive: true });
  });
});
