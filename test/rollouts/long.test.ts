import { spawnSync } from 'node:child_process';
import { closeSync, openSync, statSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { longRollout } from '../../src/bench/rolloutMaterial.ts';
import { Imported, imported, newFolder } from './imported.ts';

const isLong = process.env.HOLDFAST_LONG !== undefined;
const program = fileURLToPath(new URL('../../dist/src/cli/main.js', import.meta.url));

/** A line of about this many bytes, written piece by piece. */
function hugeCompaction(path: string, bytes: number): void {
  const file = openSync(path, 'a');
  writeSync(
    file,
    '{"timestamp":"2026-04-29T13:00:00.000Z","type":"compacted","payload":{"message":"so far","replacement_history":[',
  );
  const piece = `{"type":"message","role":"user","content":[{"type":"input_text","text":"${'word '.repeat(2_000)}"}]}`;
  let written = 0;
  for (; written < bytes; written += piece.length + 1) writeSync(file, written === 0 ? piece : `,${piece}`);
  writeSync(file, ']}}\n');
  closeSync(file);
}

test('a long rollout is told whole: every turn, every command and its end', async () => {
  const path = join(newFolder(), 'long.jsonl');
  const { bytes, turns, calls } = longRollout(path, isLong ? 50e6 : 2e6);
  const long = await imported(path);
  expect(long.report.files[0]?.bytes).toBe(bytes);
  expect(long.of('TurnCompleted')).toHaveLength(turns);
  expect(long.of('ProcessExited')).toHaveLength(calls);
  expect(long.report.defects).toEqual({});
  expect(long.report.openTurns).toBe(0);
}, 300_000);

test('a line of any length is imported in bounded memory, and its digest is told', async () => {
  const path = join(newFolder(), 'huge.jsonl');
  longRollout(path, 200_000);
  const bytes = isLong ? 60e6 : 9e6;
  hugeCompaction(path, bytes);
  const before = process.memoryUsage().rss;
  const huge = new Imported();
  const report = await huge.add(path);
  expect(process.memoryUsage().rss - before).toBeLessThan(isLong ? 60e6 : 40e6);
  expect(report.defects).toEqual({ 'a line too long to be held': 1 });
  const kept = huge.events.filter(({ type }) => type === 'RecordKept' || type === 'HistoryCompacted').at(-1);
  expect(JSON.stringify(kept?.data)).toContain('so far');
  expect((await huge.add(path)).added).toBe(0);
}, 300_000);

/** Prints what a process has used when it ends. */
const measure = `data:text/javascript,${encodeURIComponent(
  `process.on('exit', () => process.stderr.write(JSON.stringify(process.resourceUsage())))`,
)}`;

/** Processor time in microseconds, memory in KiB. */
function used(...words: readonly string[]): { readonly userCPUTime: number; readonly maxRSS: number } {
  const run = spawnSync(process.execPath, ['--import', measure, program, ...words], { encoding: 'utf8' });
  expect(run.status).toBe(0);
  return JSON.parse(run.stderr.slice(run.stderr.indexOf('{"')));
}

/** A machine that is busy with other things takes more time for the same: a fifth is granted. */
const megabytesPerSecond = 50 * 0.8;

test.runIf(isLong)(
  '200 MB are imported at 50 MB/s of processor time, in less than 600 MB of memory',
  () => {
    const folder = newFolder();
    const path = join(folder, 'rollout.jsonl');
    longRollout(path, 200e6);
    const { userCPUTime, maxRSS } = used('import', '--from', 'codex', path, '--log', join(folder, 'log'));
    const perSecond = statSync(path).size / (userCPUTime - used('--version').userCPUTime);
    expect(maxRSS / 1e3).toBeLessThan(600);
    expect(perSecond, `${perSecond.toFixed(1)} MB/s`).toBeGreaterThan(megabytesPerSecond);
  },
  600_000,
);
