import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { stateVersion } from '../../projections/state.ts';
import { holdfast, json, newPlace, quick, trouble, Watched } from './cli.ts';

/** From a fleet file to a log, through every verb that reads it, and back. */

interface Replayed {
  readonly position: number;
  readonly stateHash: string;
}

test('a fleet is run, exported, imported and exported again: the bytes, the hashes at every position and the verdict are the same', async () => {
  const place = newPlace();
  const copy = { ...place, log: join(place.folder, 'copy') };
  const summary = await json<Record<string, unknown>>(place, 'run', place.fleet, '--log', place.log);
  expect(summary).toMatchObject({ agents: 4, turns: 4, slotsMost: 1, refusals: 1, unfinished: 0, processes: 0 });
  expect(summary.evictions).toBeGreaterThan(0);

  const file = join(place.folder, 'log.jsonl');
  expect((await holdfast(place, 'export', file, '--log', place.log)).code).toBe(0);
  expect((await holdfast(place, 'import', file, '--log', copy.log)).code).toBe(0);
  const first = readFileSync(file, 'utf8');
  const again = await holdfast(copy, 'export', '--log', copy.log);
  expect(again.stdout).toBe(first);
  // The large text lies in a blob, which an export carries beside the events.
  const events = await holdfast(place, 'log', '--log', place.log, '-o', 'jsonl');
  const lines = first.split('\n').filter((line) => !line.startsWith('{"blob":'));
  expect(lines.join('\n')).toBe(events.stdout);
  expect(first.split('\n').length - lines.length).toBe(1);

  const every = await json<Replayed[]>(place, 'replay', '--every', '1', '--log', place.log);
  rmSync(join(place.log, 'snapshots'), { recursive: true });
  expect(await json<Replayed[]>(copy, 'replay', '--every', '1', '--log', copy.log)).toEqual(every);
  expect(every.length).toBe(summary.events);
  expect(every.at(-1)?.stateHash).toBe(summary.stateHash);
  expect(await json(place, 'replay', '--at', '7', '--log', place.log)).toEqual({
    ...every[6],
    stateVersion,
    events: 7,
  });

  for (const { log } of [place, copy])
    expect(await json(place, 'verify', '--log', log)).toMatchObject({ ok: true, events: summary.events });
  expect(await json(place, 'diff', place.log, copy.log)).toMatchObject({ same: true });
});

test('`run -o jsonl` prints the hashed lines of its log, and nothing else', async () => {
  const place = newPlace();
  const run = await holdfast(place, 'run', place.fleet, '--log', place.log, '-o', 'jsonl');
  expect(run.code).toBe(0);
  expect((await holdfast(place, 'log', '--log', place.log, '-o', 'jsonl')).stdout).toBe(run.stdout);
});

test('an import with a changed line writes nothing, and names the line', async () => {
  const place = newPlace();
  await holdfast(place, 'run', place.fleet, '--log', place.log);
  const { stdout } = await holdfast(place, 'export', '--log', place.log);
  const lines = stdout.split('\n').slice(0, -1);
  const at = lines.findIndex((line) => line.includes('"say":"Done."'));
  const copy = join(place.folder, 'copy');
  const changed = async (change: (line: string) => readonly string[]) => {
    const file = join(place.folder, 'changed.jsonl');
    writeFileSync(file, `${[...lines.slice(0, at), ...change(lines[at]!), ...lines.slice(at + 1)].join('\n')}\n`);
    return trouble(place, 1, 'import', file, '--log', copy);
  };
  expect((await changed((line) => [line.replace('Done.', 'Gone.')])).code).toBe('HOLDFAST_IMPORT_BAD_LINE');
  expect((await changed(() => [])).details.line).toBe(at + 1);
  expect((await changed((line) => [line, line])).details.line).toBe(at + 2);
  expect((await changed((line) => [` ${line}`])).details.line).toBe(at + 1);
  expect((await changed((line) => [line.slice(0, -9)])).details.line).toBe(at + 1);
  // Nothing has been made that could pass for a log.
  expect((await trouble(place, 3, 'replay', '--log', copy)).code).toBe('HOLDFAST_LOG_EMPTY');
});

test('[LO8] an import from a newer version names what it does not know', async () => {
  const place = newPlace();
  await holdfast(place, 'run', place.fleet, '--log', place.log);
  const { stdout } = await holdfast(place, 'export', '--log', place.log);
  const file = join(place.folder, 'newer.jsonl');
  writeFileSync(file, stdout.replace(/"type":"TurnStarted","v":1/, '"type":"TurnStarted","v":2'));
  const newer = await trouble(place, 3, 'import', file, '--log', join(place.folder, 'copy'));
  expect(newer).toMatchObject({ code: 'HOLDFAST_EVENT_NEWER', details: { type: 'TurnStarted', found: 2 } });
  writeFileSync(file, stdout.replace('"type":"TurnStarted"', '"type":"TurnDreamt"'));
  const unknown = await trouble(place, 3, 'import', file, '--log', join(place.folder, 'copy'));
  expect(unknown).toMatchObject({ code: 'HOLDFAST_EVENT_UNKNOWN', details: { type: 'TurnDreamt' } });
});

test('two logs that differ are told apart at the first event that differs', async () => {
  const place = newPlace();
  const other = join(place.folder, 'other');
  await holdfast(place, 'run', place.fleet, '--log', place.log);
  writeFileSync(place.fleet, JSON.stringify({ ...quick, roots: [{ prompt: 'Go on', model: 'script' }] }));
  await holdfast(place, 'run', place.fleet, '--log', other);
  const said = await holdfast(place, 'diff', place.log, other, '-o', 'json');
  expect(said.code).toBe(1);
  expect(JSON.parse(said.stdout)).toMatchObject({ same: false, first: { position: 1 } });
});

test('two runs of one fleet say the same apart from ids and times; where they part, what led to it is told', async () => {
  const say = (last: string) => ({
    models: { script: { kind: 'script' } },
    roots: [{ prompt: 'Go', model: 'script' }],
    scripts: {
      '/root': [
        [{ call: 'spawn_agent', id: 'one', args: { task_name: 'one', message: 'work' } }],
        [{ call: 'wait_agent', id: 'wait', args: {} }],
        [{ say: last }],
      ],
      '/root/one': [{ hang: true }],
    },
  });
  const place = newPlace(say('x'));
  const run = async (log: string) => {
    const watched = new Watched(place, 'run', place.fleet, '--log', log, '-o', 'jsonl');
    await watched.until(({ stdout }) => /"callId":"wait"/.test(stdout));
    await json(place, 'send', '/root', 'go on', '--log', log);
    await watched.until(({ stdout }) => stdout.includes('"type":"TurnCompleted"'));
    await json(place, 'interrupt', '/root/one', '--log', log);
    expect(await watched.exit).toBe(0);
  };
  const [a, b, c] = ['a', 'b', 'c'].map((name) => join(place.folder, name)) as [string, string, string];
  await run(a);
  await run(b);
  expect(await json(place, 'diff', a, b)).toMatchObject({ same: true });
  expect((await holdfast(place, 'diff', '--exact', a, b)).code).toBe(1);
  writeFileSync(place.fleet, JSON.stringify(say('y')));
  await run(c);
  const said = await holdfast(place, 'diff', a, c, '-o', 'json');
  const { first, pasts } = JSON.parse(said.stdout) as {
    first: { position: number; a: { type: string } };
    pasts: { a: { type: string }[] };
  };
  // The scripts are in the first event: that is where they part.
  expect([said.code, first.position, first.a.type]).toEqual([1, 1, 'FleetOpened']);
  expect(pasts.a.map(({ type }) => type)).toEqual(['FleetOpened']);
});

test('bisect finds the first batch after which a check fails, and says when a check never fails or cannot be run', async () => {
  const place = newPlace();
  await holdfast(place, 'run', place.fleet, '--log', place.log);
  const bisect = (check: string) => holdfast(place, 'bisect', '--check', check, '--log', place.log, '-o', 'json');
  const atMost = (n: number) =>
    `node -e 'let s="";process.stdin.on("data",d=>s+=d).on("end",()=>process.exit(Object.keys(JSON.parse(s).agents).length>${n}?1:0))'`;
  const said = await bisect(atMost(2));
  const found = JSON.parse(said.stdout) as {
    position: number;
    good: number;
    events: { type: string; position: number }[];
  };
  expect(said.code).toBe(1);
  expect(found.events.map(({ type }) => type)).toContain('AgentSpawned');
  expect(found.events.map(({ position }) => position)).toEqual(
    Array.from({ length: found.position - found.good }, (_, i) => found.good + 1 + i),
  );
  const agents = async (at: number) =>
    (await json<unknown[]>(place, 'show', 'agents', '--at', String(at), '--log', place.log)).length;
  expect([await agents(found.good), await agents(found.position)]).toEqual([2, 3]);
  expect(JSON.parse((await bisect('exit 0')).stdout)).toMatchObject({ found: false, looks: 1 });
  expect(JSON.parse((await bisect('exit 1')).stdout)).toMatchObject({ found: true, good: 0 });
  expect((await trouble(place, 3, 'bisect', '--check', '/nowhere/at-all', '--log', place.log)).code).toBe(
    'HOLDFAST_CHECK_NOT_RUN',
  );
});
