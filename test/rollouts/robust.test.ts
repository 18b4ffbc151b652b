import { mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { HoldfastEvent } from '../../events/catalogue.ts';
import { Failure } from '../../src/failure.ts';
import { hashedLine } from '../../src/log/canonical.ts';
import {
  byLine,
  change,
  copyOf,
  fixture,
  fixtures,
  Imported,
  idOf,
  imported,
  newFolder,
  rolloutsIn,
  toolOf,
} from './imported.ts';

const ids = (events: readonly HoldfastEvent[]): string[] => byLine(events).map(idOf);
const isEnd = ({ type }: HoldfastEvent): boolean =>
  /^(?:Turn(?:Completed|Failed)|ToolCallEnded|Process(?:Exited|Terminated)|Cell(?:Completed|Terminated))$/.test(type);

/** The main file of each fixture: the one that most others hang on. */
const mainOf = (folder: string): string =>
  rolloutsIn(folder).reduce((a, b) => (readFileSync(a).length >= readFileSync(b).length ? a : b));

describe.each(fixtures)('%s', (name) => {
  const from = toolOf(name);

  test('[I1] two imports give the same log to the byte, and the state of every machine', async () => {
    const [one, two] = [await imported(fixture(name), from), await imported(copyOf(name), from)];
    expect(one.events.map(hashedLine)).toEqual(two.events.map(hashedLine));
    expect(one.log.synced().hash).toBe(two.log.synced().hash);
    expect(one.hash).toBe(two.hash);
    for (const [i, event] of one.events.entries()) expect([event.position, event.epoch]).toEqual([i + 1, 1]);
    for (const [i, event] of one.events.entries()) expect(event.at).toBeGreaterThanOrEqual(one.events[i - 1]?.at ?? 0);
    for (const event of one.events) expect(event.cause).toBeLessThan(event.position);
    expect(new Set(ids(one.events)).size).toBe(ids(one.events).length);
  });

  test('importing again adds nothing', async () => {
    const twice = await imported(fixture(name), from);
    const { hash } = twice.log.synced();
    const again = await twice.add(fixture(name), from);
    expect(again.added).toBe(0);
    expect(twice.log.synced().hash).toBe(hash);
  });

  test('a longer snapshot adds only the rest, wherever the first one ended', async () => {
    const whole = await imported(fixture(name), from);
    const lines = readFileSync(mainOf(fixture(name)), 'utf8').split(/(?<=\n)/);
    for (const kept of [2, Math.floor(lines.length / 3), Math.floor(lines.length / 2), lines.length - 1]) {
      const folder = copyOf(name);
      const main = mainOf(folder);
      writeFileSync(main, lines.slice(0, kept).join(''));
      const grown = await imported(folder, from);
      const before = grown.events.map(hashedLine);
      writeFileSync(main, lines.join(''));
      await grown.add(folder, from);
      expect(grown.events.slice(0, before.length).map(hashedLine)).toEqual(before);
      // Whoever comes to a file later finds the other files read already; each tells what it has to tell, once.
      const missing = ids(whole.events).filter((id) => !ids(grown.events).includes(id));
      expect(missing.filter((id) => /TurnStarted|TurnCompleted|ModelSampled/.test(id) && id.startsWith('1/'))).toEqual(
        [],
      );
    }
  });

  test('cut anywhere in its last lines a file is imported up to there, and no end is made up', async () => {
    const whole = await imported(fixture(name), from);
    const ends = new Set(whole.events.filter(isEnd).map(idOf));
    const content = readFileSync(mainOf(fixture(name)));
    let begins = content.length - 1;
    for (let n = 0; n < 3; n += 1) begins = content.lastIndexOf(10, begins - 1);
    const step = process.env.HOLDFAST_LONG === undefined ? 37 : 1;
    for (let at = content.length - 1; at > begins; at -= step) {
      const folder = copyOf(name);
      const main = mainOf(folder);
      writeFileSync(main, content.subarray(0, at));
      const cut = await imported(folder, from);
      const made = cut.events.filter((event) => isEnd(event) && !ends.has(idOf(event)));
      expect(made.map(idOf), `cut at ${at}`).toEqual([]);
      const torn = cut.report.files.find(({ name: file }) => file === basename(main))!;
      expect(torn.heldBack + torn.bytes).toBe(at);
    }
  }, 600_000);

  test('NUL bytes, line ends of other systems, a mark of byte order and a torn copy of a line change nothing that is told', async () => {
    const whole = await imported(fixture(name), from);
    const told = (events: readonly HoldfastEvent[]) =>
      events.flatMap(({ type }) => (type === 'DefectFound' || type === 'SourceRead' ? [] : [type]));
    const spoil: Readonly<Record<string, (content: string) => string>> = {
      CRLF: (content) => content.replaceAll('\n', '\r\n'),
      BOM: (content) => `\ufeff${content}`,
      blank: (content) => content.replaceAll('\n', '\n\n'),
      NUL: (content) => content.replace(/\n/, `\n${'\0'.repeat(4096)}`),
      zeros: (content) => content.replace(/\n/, `\n${'\0'.repeat(512)}\n`),
      torn: (content) => content.replace(/\n(.{60})(.*)\n/, '\n$1$1$2\n'),
    };
    for (const [what, how] of Object.entries(spoil)) {
      const folder = copyOf(name);
      change(mainOf(folder), (content) => how(content.toString('utf8')));
      const spoilt = await imported(folder, from);
      expect(told(spoilt.events), what).toEqual(told(whole.events));
      if (what === 'NUL' || what === 'zeros' || what === 'torn')
        expect(Object.keys(spoilt.report.defects), what).not.toEqual([]);
    }
  });

  test('where files lie and in which order they are found changes nothing', async () => {
    const whole = await imported(fixture(name), from);
    if (name === 'claude-subagents') return;
    const folder = copyOf(name);
    for (const [i, path] of rolloutsIn(folder).entries()) {
      mkdirSync(join(folder, `${9 - i}`));
      renameSync(path, join(folder, `${9 - i}`, basename(path)));
    }
    expect((await imported(folder, from)).events.map(hashedLine)).toEqual(whole.events.map(hashedLine));
  });
});

test('[LO7] what looks like a secret does not enter the log, and its value is kept nowhere', async () => {
  const folder = copyOf('codex-v1-team');
  const secret = `ghp_${'a1B2'.repeat(9)}`;
  change(mainOf(folder), (content) => content.toString('utf8').replaceAll('tend the garden', `use ${secret}`));
  const team = await imported(folder);
  expect(JSON.stringify(team.events)).not.toContain(secret);
  expect(team.of('MailAccepted')[0]?.data.text).toBe('use [secret not kept]');
});

describe('clocks that disagree', () => {
  const shifted = async (ms: number) => {
    const folder = copyOf('codex-v1-team');
    const child = rolloutsIn(folder).find((path) => path.includes('child-3'))!;
    change(child, (content) =>
      content
        .toString('utf8')
        .replaceAll(
          /^\{"timestamp":"([^"]+)"/gm,
          (_, at: string) => `{"timestamp":"${new Date(Date.parse(at) + ms).toISOString()}"`,
        ),
    );
    return imported(folder);
  };
  test.each([-5_000, 5_000])('a child whose clock is off by %i ms is told in the same order of causes', async (ms) => {
    const [right, wrong] = [await imported(fixture('codex-v1-team')), await shifted(ms)];
    const perAgent = (team: Imported) => {
      const told: Record<string, string[]> = {};
      for (const { type, data } of team.events) if ('agentId' in data) (told[String(data.agentId)] ??= []).push(type);
      return told;
    };
    expect(perAgent(wrong)).toEqual(perAgent(right));
    const reed = wrong.agentAt('/root/reed');
    const position = (find: (event: HoldfastEvent) => boolean) => wrong.events.find(find)!.position;
    const spawned = position((e) => e.type === 'AgentSpawned' && e.data.agentId === reed);
    const started = position((e) => e.type === 'TurnStarted' && e.data.agentId === reed);
    const ended = position((e) => e.type === 'TurnCompleted' && e.data.agentId === reed);
    const waited = position((e) => e.type === 'ToolCallEnded' && e.data.callId === 'call_wait_51000');
    expect([spawned, started, ended, waited]).toEqual([spawned, started, ended, waited].sort((a, b) => a - b));
  });
});

describe('what is no rollout', () => {
  test.each([
    ['a text', 'first line\nsecond line\n'],
    ['JSON over many lines', JSON.stringify({ type: 'session_meta', payload: { id: 'x' } }, null, 2)],
    ['nothing', ''],
    ['other JSON lines', '{"a":1}\n{"b":2}\n'],
    ['an export of a log of ours', '{"at":1,"data":{},"position":1,"type":"FleetOpened"}\n'],
    ['a session of another tool', '{"type":"user","message":{"role":"user","content":"hello"},"sessionId":"x"}\n'],
  ])('%s is refused, and the log stays empty', async (_, content) => {
    const path = join(newFolder(), 'rollout.jsonl');
    writeFileSync(path, content);
    const team = new Imported();
    const refusal = await team.add(path).catch((error: unknown) => error);
    expect(refusal).toBeInstanceOf(Failure);
    expect((refusal as Failure).code).toBe('HOLDFAST_IMPORT_NOT_A_ROLLOUT');
    expect(team.log.head().position).toBe(0);
  });

  test('in a folder it is left out, and the report says so', async () => {
    const folder = copyOf('codex-v1-team');
    writeFileSync(join(folder, 'notes.jsonl'), 'no rollout\n');
    writeFileSync(join(folder, 'old.jsonl.zst'), 'x');
    const { report } = await imported(folder);
    expect(report.skipped.map(({ path, reason }) => [basename(path), reason])).toEqual([
      ['old.jsonl.zst', expect.stringContaining('compressed, and not whole')],
      ['notes.jsonl', expect.stringContaining('none of its first lines')],
    ]);
  });

  test('a compressed rollout is read like the one that it was packed from, so that either adds nothing to the other; one that was cut is left out', async () => {
    const packed = await imported(fixture('codex-v2-packed'));
    const plain = await imported(fixture('codex-v2-team'));
    expect(packed.report).toEqual(plain.report);
    expect((await packed.add(fixture('codex-v2-team'))).added).toBe(0);
    const folder = copyOf('codex-v2-packed');
    const [first] = readdirSync(folder);
    change(join(folder, first!), (content) => content.subarray(0, content.length - 40));
    const cut = await imported(folder);
    expect(cut.report.skipped.map(({ path }) => basename(path))).toEqual([first]);
  });

  test('a log of our own, or of another tool, takes no rollouts', async () => {
    const team = await imported(fixture('codex-v1-team'));
    await expect(team.add(fixture('claude-sidechains'), 'claude')).rejects.toMatchObject({
      code: 'HOLDFAST_LOG_IN_USE',
    });
  });
});

test('of copies of one thread the longest counts; a file that was rewritten or shortened is left alone', async () => {
  const folder = copyOf('codex-v1-team');
  const main = mainOf(folder);
  const content = readFileSync(main, 'utf8');
  writeFileSync(join(folder, 'snapshot.jsonl'), content.slice(0, content.length / 2));
  const team = await imported(folder);
  expect(team.report.skipped.map(({ reason }) => reason)).toEqual([expect.stringContaining('a shorter copy of')]);
  writeFileSync(main, content.replace('Let me look.', 'Let me see!!'));
  expect((await team.add(main)).skipped[0]?.reason).toContain('it was rewritten');
  writeFileSync(main, content.slice(0, 5_000));
  expect((await team.add(main)).skipped[0]?.reason).toContain('shorter than what was imported');
});

test('an import that is stopped goes on where it stopped', async () => {
  const whole = await imported(fixture('codex-v1-team'));
  const lines = whole.events.map(hashedLine);
  for (const at of [0.2, 0.5, 0.9]) {
    const team = new Imported();
    let last = 0;
    // As much as a crash has left: whole batches from the beginning.
    while (last < whole.events.length * at) {
      const { of } = whole.events[last]!;
      await team.log.append({ expected: last, epoch: 1, events: whole.events.slice(last, last + of) });
      last += of;
    }
    await team.add(fixture('codex-v1-team'));
    const plain = (line: string) => line.replaceAll(/"kinds":\{[^}]*\}/g, '');
    expect(team.events.map(hashedLine).map(plain)).toEqual(lines.map(plain));
  }
});

test('a cell that ran when a snapshot was taken is known by its name in the next one', async () => {
  const folder = copyOf('codex-v2-team');
  const builder = rolloutsIn(folder).find((path) => path.includes('000000000001.jsonl'))!;
  const content = readFileSync(builder, 'utf8');
  writeFileSync(builder, content.slice(0, content.indexOf('\n', content.indexOf('Script running')) + 1));
  const team = await imported(folder);
  expect(Object.values(team.state.cells.all).map(({ end }) => end?.how)).toEqual([undefined]);
  writeFileSync(builder, content);
  await team.add(folder);
  expect(Object.values(team.state.cells.all).map(({ end }) => end?.how)).toEqual(['completed', 'failed']);
});
