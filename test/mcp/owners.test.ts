/** Several servers on one log: one has the fleet open, the others go through it, and a killed one harms nobody else. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { newPlace } from '../cli/cli.ts';
import { statusOf, Visitor } from './visitor.ts';

/** A command that ends when the test says so. */
const untilGo = 'until [ -e go ]; do sleep 0.05; done';

const fleet = {
  limits: { waitMs: { min: 100 } },
  models: { script: { kind: 'script' } },
  scripts: {
    '/root/slow': [
      [{ call: 'exec_command', id: 'g', args: { cmd: untilGo, yield_time_ms: 30_000 } }],
      [{ say: 'slow is done' }],
    ],
    '/root/stuck': [{ hang: true }],
  },
};

test('[MC7] when the server that has the fleet open is killed, the next takes over: waits are answered, nothing is run twice', async () => {
  const place = newPlace(fleet);
  const owner = await Visitor.of(place, { name: 'owner' });
  const other = await Visitor.of(place, { name: 'other', fleet: false });
  await other.call('spawn_agent', { task_name: 'slow', message: 'go' });
  const exec = other.call('exec_command', { cmd: `echo once >> count; ${untilGo}; cat count`, yield_time_ms: 30_000 });
  const waiting = other.call('wait_agent', { timeout_ms: 60_000 });
  await other.until((status) => status.processes.length === 2);
  await owner.kill();
  writeFileSync(join(place.folder, 'go'), '');
  const waited = await waiting;
  expect(waited.isError).toBe(false);
  expect([...waited.mail, ...(await other.call('list_agents')).mail]).toContain('slow is done');
  expect((await exec).fields).toMatchObject({ exit_code: 0, output: 'once\n' });
  expect((await other.call('status')).fields.root).toBe('other');

  const back = await Visitor.of(place, { name: 'owner', fleet: false });
  expect((await back.call('status')).fields.root).toBe('owner');
});

test('[MC7] a killed server that went through another leaves the other as it was, and its root free', async () => {
  const place = newPlace(fleet);
  const owner = await Visitor.of(place, { name: 'owner' });
  const other = await Visitor.of(place, { name: 'other', fleet: false });
  await owner.call('spawn_agent', { task_name: 'stuck', message: 'go' });
  await other.call('spawn_agent', { task_name: 'stuck', message: 'go' });
  await other.kill();
  expect(statusOf((await owner.call('status')).fields, '/root/stuck')).toBe('running');
  const back = await Visitor.of(place, { name: 'other', fleet: false });
  await expect.poll(async () => (await back.call('status')).fields.root).toBe('other');
  expect(statusOf((await back.call('status')).fields, '/root/stuck')).toBe('running');
});
