import { chmodSync, cpSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test, vi } from 'vitest';
import { endless, holdfast, inFull, json, newPlace, quick, trouble, Watched } from './cli.ts';

interface Signed {
  readonly file: string;
  readonly size: number;
  readonly verifierKey: string;
}

/** A fleet that was stopped, gone on with and ended; and a copy of its log from the first stop. */
async function twice() {
  const place = newPlace({ ...endless, scripts: { '/root': [{ hang: true }] } });
  const run = new Watched(place, 'run', place.fleet, '--log', place.log, '-o', 'jsonl');
  await run.until(({ stdout }) => stdout.includes('"type":"TurnStarted"'));
  run.child.kill('SIGINT');
  expect(await run.exit).toBe(130);
  const before = join(place.folder, 'before');
  cpSync(place.log, before, { recursive: true });
  const resumed = new Watched(place, 'resume', '--log', place.log, '-o', 'jsonl');
  await resumed.until(({ stdout }) => stdout.includes('"type":"TurnResumed"'));
  await json(place, 'interrupt', '/root', '--log', place.log);
  expect(await resumed.exit).toBe(0);
  return { place, before };
}

test('[LO4] every stop in order signs the log; a log that is rolled back to an older copy is found with the newer checkpoint', async () => {
  const { place, before } = await twice();
  const kept = readdirSync(join(place.log, 'checkpoints')).sort();
  expect(kept.length).toBe(2);
  const newest = join(place.log, 'checkpoints', kept[1]!);
  expect((await holdfast(place, 'verify', '--log', place.log)).code).toBe(0);
  expect((await holdfast(place, 'verify', '--log', place.log, '--against', newest)).code).toBe(0);
  const rolled = await holdfast(place, 'verify', '--log', before, '--against', newest, '-o', 'json');
  expect(rolled.code).toBe(1);
  const size = Number(kept[0]!.split('.')[0]);
  expect(JSON.parse(rolled.stdout)).toMatchObject({
    ok: false,
    firstBad: size + 1,
    what: expect.stringMatching(/rolled back/),
  });
  // The newer checkpoint kept with the older copy is enough: no option is needed.
  cpSync(newest, join(before, 'checkpoints', kept[1]!));
  expect((await holdfast(place, 'verify', '--log', before)).code).toBe(1);
});

test('[LO4] the fleet file says after how many events a running fleet is signed, and the log keeps what it said', async () => {
  const place = newPlace({ ...endless, checkpoints: { everyEvents: 5 } });
  const run = new Watched(place, 'run', place.fleet, '--log', place.log, '-o', 'jsonl');
  await run.until(inFull);
  // Nobody has stopped it, and nobody has asked for a checkpoint.
  await vi.waitFor(() => expect(readdirSync(join(place.log, 'checkpoints'))).not.toEqual([]), { timeout: 10_000 });
  run.child.kill('SIGKILL');
  await run.exit;
  expect((await holdfast(place, 'verify', '--log', place.log)).code).toBe(0);
  const opened = await holdfast(place, 'log', '--log', place.log, '--to', '1', '-o', 'jsonl');
  expect(JSON.parse(opened.stdout)).toMatchObject({ data: { fleet: { checkpoints: { everyEvents: 5 } } } });
});

test('[LO4] a log that was written anew, with hashes that are right, is found', async () => {
  const { place } = await twice();
  const signed = await json<Signed>(place, 'checkpoint', '--to', join(place.folder, 'safe'), '--log', place.log);
  // The same fleet once more: whole in itself, but not the one that was signed.
  const other = newPlace();
  expect((await holdfast(other, 'run', other.fleet, '--log', other.log)).code).toBe(0);
  const verdict = await holdfast(other, 'verify', '--log', other.log, '--against', signed.file, '-o', 'json');
  expect(verdict.code).toBe(1);
  expect(JSON.parse(verdict.stdout)).toMatchObject({ ok: false, firstBad: 1, what: expect.stringContaining('fleet') });
});

test('an event is proven and the proof checked without the log; a changed one does not hold', async () => {
  const { place, before } = await twice();
  const older = join(before, 'checkpoints', readdirSync(join(before, 'checkpoints'))[0]!);
  const signed = await json<Signed>(place, 'checkpoint', '--log', place.log);
  const proof = await holdfast(place, 'prove', '7', '--log', place.log, '-o', 'json');
  const since = await holdfast(place, 'prove', '--since', older, '--log', place.log, '-o', 'json');
  rmSync(place.log, { recursive: true });
  const file = join(place.folder, 'proof.json');
  writeFileSync(file, proof.stdout);
  expect(await json(place, 'check-proof', file, '--key', signed.verifierKey)).toMatchObject({ ok: true });
  expect((await trouble(place, 1, 'check-proof', file, '--key', 'another')).code).toBe('HOLDFAST_BAD_CHECKPOINT');
  writeFileSync(file, proof.stdout.replace('\\"v\\":1', '\\"v\\":2'));
  expect((await trouble(place, 1, 'check-proof', file)).code).toBe('HOLDFAST_BAD_PROOF');
  writeFileSync(file, since.stdout);
  expect(await json(place, 'check-proof', file)).toMatchObject({ ok: true, size: signed.size });
});

test('bad positions, checkpoints, proofs and keys are said in one sentence with a remedy', async () => {
  const place = newPlace(quick);
  expect((await holdfast(place, 'run', place.fleet, '--log', place.log)).code).toBe(0);
  const in_ = ['--log', place.log];
  expect((await trouble(place, 2, 'prove', '9999', ...in_)).code).toBe('HOLDFAST_NO_SUCH_POSITION');
  expect((await trouble(place, 2, 'prove', ...in_)).code).toBe('HOLDFAST_USAGE');
  expect((await trouble(place, 2, 'prove', '--since', 'nowhere', ...in_)).code).toBe('HOLDFAST_USAGE');
  expect((await trouble(place, 1, 'verify', '--against', place.fleet, ...in_)).code).toBe('HOLDFAST_BAD_CHECKPOINT');
  expect((await trouble(place, 2, 'check-proof', 'nowhere')).code).toBe('HOLDFAST_USAGE');
  expect((await trouble(place, 1, 'check-proof', place.fleet)).code).toBe('HOLDFAST_BAD_PROOF');
  const key = join(place.log, 'signing.key');
  chmodSync(key, 0o644);
  expect((await trouble(place, 3, 'checkpoint', ...in_)).code).toBe('HOLDFAST_SIGNING_KEY');
  writeFileSync(key, 'no key', { mode: 0o600 });
  chmodSync(key, 0o600);
  expect((await trouble(place, 3, 'checkpoint', ...in_)).code).toBe('HOLDFAST_SIGNING_KEY');
  expect(readFileSync(key, 'utf8')).toBe('no key');
});
