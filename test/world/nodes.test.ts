import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import { fuzz } from '../../src/simulate/fuzz.ts';

const run = promisify(execFile);
const main = new URL('../../dist/src/cli/main.js', import.meta.url).pathname;
/** Another Node has to be fetched first, or the machine is busy with all other tests. */
const patienceMs = 600_000;
const runs = process.env.HOLDFAST_LONG === undefined ? 8 : 60;

async function logsUnder(command: string, args: readonly string[]): Promise<string> {
  const { stdout } = await run(command, [...args, main, 'fuzz', '--seed', '1', '--runs', String(runs), '-o', 'json']);
  return (JSON.parse(stdout) as { logs: string }).logs;
}

/** The registry gives each Node as a package; undefined where it cannot be had. */
async function nodeOf(version: number): Promise<readonly string[] | undefined> {
  const args = ['-y', `node@${version}`];
  return run('npx', [...args, '--version']).then(
    ({ stdout }) => (stdout.startsWith(`v${version}.`) ? args : undefined),
    () => undefined,
  );
}

describe('[LO6] the same seeds give the same logs, byte for byte', () => {
  test(
    'twice in one process, and in a process of its own',
    async () => {
      const first = await fuzz({ seed: 1, runs });
      expect(first.logs).toMatch(/^[0-9a-f]{64}$/);
      expect((await fuzz({ seed: 1, runs })).logs).toBe(first.logs);
      expect((await fuzz({ seed: 2, runs })).logs).not.toBe(first.logs);
      expect(await logsUnder(process.execPath, [])).toBe(first.logs);
    },
    patienceMs,
  );

  if (process.env.HOLDFAST_LONG === undefined) return;

  test(
    'under Node 20, 22 and 24, as far as the registry gives them',
    async () => {
      const logs = new Map([[process.version, await logsUnder(process.execPath, [])]]);
      for (const version of [20, 22, 24]) {
        const node = await nodeOf(version);
        if (node === undefined) console.warn(`Node ${version} cannot be had here: not compared`);
        else logs.set(`node@${version}`, await logsUnder('npx', node));
      }
      expect(logs.size, 'no other Node could be had').toBeGreaterThan(1);
      expect(new Set(logs.values()).size, JSON.stringify([...logs])).toBe(1);
    },
    patienceMs,
  );
});
