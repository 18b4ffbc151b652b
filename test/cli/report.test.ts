import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { endless, holdfast, json, newPlace, quick, trouble, Watched } from './cli.ts';

/** What people look at: the timeline as text and the report as a page. */

const hostile = '<script>alert(1)</script>\u202e"\' onload=x';

interface Timeline {
  readonly from: number;
  readonly to: number;
  readonly lanes: readonly {
    readonly path: string;
    readonly segments: readonly {
      readonly from: number;
      readonly to: number;
      readonly is: string;
      readonly resident: boolean;
    }[];
  }[];
  readonly slots: Readonly<Record<string, readonly { readonly held: number }[]>>;
  readonly refusals: readonly { readonly limit: string; readonly who: string; readonly holders: readonly string[] }[];
  readonly downs: readonly unknown[];
}

test('the timeline has a line for each agent, the slots held and the refusals, in as many columns as there are', async () => {
  const place = newPlace(quick);
  expect((await holdfast(place, 'run', place.fleet, '--log', place.log)).code).toBe(0);
  const said = await holdfast(place, 'show', 'timeline', '--log', place.log);
  const lines = said.stdout.split('\n');
  expect(lines.slice(1, 7).map((line) => line.split(/\s/)[0])).toEqual([
    '/root',
    '/root/one',
    '/root/two',
    '/root/three',
    'slots',
    'refusals',
  ]);
  for (const line of lines) expect(line.length).toBeLessThanOrEqual(120);
  expect(lines[5]).toMatch(/1/);

  const document = await json<Timeline>(place, 'show', 'timeline', '--log', place.log);
  for (const { segments } of document.lanes) {
    for (const [i, segment] of segments.entries()) {
      expect(segment.to).toBeGreaterThanOrEqual(segment.from);
      if (i > 0) expect(segment.from).toBe(segments[i - 1]!.to);
    }
    expect(segments.at(-1)!.to).toBe(document.to);
  }
  expect(document.lanes.find(({ path }) => path === '/root/one')!.segments.some(({ resident }) => !resident)).toBe(
    true,
  );
  expect(Math.max(...document.slots.root!.map(({ held }) => held))).toBe(1);
  expect(document.refusals).toMatchObject([{ limit: 'activeTurns', who: '/root/two', holders: ['/root/one'] }]);
  expect(document.downs).toEqual([]);
});

test('the time without an engine is drawn as such', async () => {
  const place = newPlace({ ...endless, scripts: { '/root': [{ hang: true }] } });
  const run = new Watched(place, 'run', place.fleet, '--log', place.log, '-o', 'jsonl');
  await run.until(({ stdout }) => stdout.includes('"type":"TurnStarted"'));
  run.child.kill('SIGKILL');
  await run.exit;
  const resumed = new Watched(place, 'resume', '--log', place.log, '-o', 'jsonl');
  await resumed.until(({ stdout }) => stdout.includes('"type":"TurnResumed"'));
  await json(place, 'interrupt', '/root', '--log', place.log);
  expect(await resumed.exit).toBe(0);
  expect((await json<Timeline>(place, 'show', 'timeline', '--log', place.log)).downs).toHaveLength(1);
  expect((await holdfast(place, 'show', 'timeline', '--log', place.log)).stdout).toContain('╳  no engine');
});

test('the report is one page that needs nothing from outside; texts of agents stay texts', async () => {
  const place = newPlace({
    ...quick,
    roots: [{ prompt: hostile, model: 'script', name: hostile.replaceAll(/[:/*]/g, '') }],
    scripts: { '*': [[{ say: hostile }]] },
  });
  expect((await holdfast(place, 'run', place.fleet, '--log', place.log)).code).toBe(0);
  const file = join(place.folder, 'report.html');
  expect(await json(place, 'report', file, '--title', hostile, '--log', place.log)).toMatchObject({ agents: 1 });
  const page = readFileSync(file, 'utf8');
  expect(page).toContain('&lt;script&gt;alert(1)&lt;/script&gt;');
  expect(page).not.toMatch(/<script|src=|href=|url\(|@import|\u202e/);
  expect(page).toContain("default-src 'none'");
  expect((await trouble(place, 2, 'report', file, '--log', place.log)).message).toContain('exists already');
  expect((await holdfast(place, 'report', file, '--force', '--at', '5', '--log', place.log)).code).toBe(0);
  expect(readFileSync(file, 'utf8')).toContain('up to event 5');
});
