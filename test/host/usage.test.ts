import { expect, test } from 'vitest';
import { marksOf } from '../../src/host/family.ts';
import { bootId } from '../../src/host/procfs.ts';
import { usageOf } from '../../src/host/usage.ts';
import { alive, bash, newHost, shows, started, until } from './hosts.ts';

test('[PR7] the whole family counts: those in sessions of their own, and the work of those that have ended', async () => {
  const { host } = await newHost();
  const burn = 'i=0; while [ $i -lt 300000 ]; do i=$((i+1)); done';
  const script = `bash -c '${burn}'; echo burnt; sleep 1000 & setsid bash -c 'echo up; exec sleep 1000' & wait`;
  const { group, startTime } = await started(host, bash(1000, script));
  await shows(host, 1000, 'burnt');
  await shows(host, 1000, 'up');
  const family = { group, startTime, bootId: bootId(), marks: marksOf(host.hostId, 1000) };
  const nobody = { group: 1, startTime: -1, bootId: bootId(), marks: marksOf(host.hostId, 1001) };
  await until(() => alive(host, 1000).length === 3);
  const [usage, none] = usageOf([family, nobody]);
  expect(usage?.members).toBe(3);
  expect(usage?.cpuMs).toBeGreaterThan(100);
  expect(usage?.memoryBytes).toBeGreaterThan(1_000_000);
  expect(none).toEqual({ members: 0, cpuMs: 0, memoryBytes: 0 });
  expect(usageOf([{ ...family, bootId: 'another' }])).toEqual([none]);
});
