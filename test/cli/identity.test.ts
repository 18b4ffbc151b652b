/** Identity and tasks as a person meets them: the walk-through of the README, what is shown, kills, and keys that are gone. */
import { execFile } from 'node:child_process';
import { chmodSync, readFileSync, renameSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterEach, describe, expect, test } from 'vitest';
import type { HoldfastEvent } from '../../events/catalogue.ts';
import { keyFileName } from '../../src/identity/keyFile.ts';
import { type Listening, serveRegistrar } from '../../src/identity/listen.ts';
import type { RegistrarOptions } from '../../src/identity/server.ts';
import { holdfast, json, newPlace, type Place, program, trouble, Watched } from './cli.ts';

const long = process.env.HOLDFAST_LONG !== undefined;
const checkout = fileURLToPath(new URL('../..', import.meta.url));
const registered = JSON.parse(readFileSync(join(checkout, 'fixtures/fleets/registered.json'), 'utf8'));

const open: Listening[] = [];
afterEach(async () => {
  delete process.env.HOLDFAST_REGISTRAR_TOKEN;
  await Promise.all(open.splice(0).map((server) => server.close()));
});

async function registrar(options: RegistrarOptions = {}): Promise<Listening> {
  const server = await serveRegistrar(options, { host: '127.0.0.1', port: 0 });
  open.push(server);
  return server;
}

const placeFor = ({ url }: Listening, more: object = {}): Place =>
  newPlace({ ...registered, identity: { ...registered.identity, url, ...more } });

const inLog = (place: Place, ...words: readonly string[]) => [...words, '--log', place.log];

async function eventsOf(place: Place): Promise<HoldfastEvent[]> {
  const { stdout } = await holdfast(place, ...inLog(place, 'log', '-o', 'jsonl'));
  return stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as HoldfastEvent);
}

// Ten programs, one after the other.
const walkMs = 180_000;

test(
  '[TB1][TB3] the walk-through of the README works as it stands there',
  async () => {
    const readme = readFileSync(join(checkout, 'README.md'), 'utf8');
    const section = readme.slice(readme.indexOf('\n## Identity and tasks\n'));
    const script = /```sh\n([\s\S]*?)```/.exec(section)![1]!;
    // A port that is free here, instead of the one that is free for a person.
    const { url } = await registrar();
    const port = new URL(url).port;
    await open.pop()!.close();
    const place = newPlace({ ...registered, identity: { ...registered.identity, url } });
    const own = script.replaceAll('4010', port).replace('holdfast registrar', `holdfast registrar --port ${port}`);
    const lines = own.replace('"$CHECKOUT/fixtures/fleets/registered.json"', 'fleet.json');
    const shell = `set -e\nshopt -s expand_aliases\nalias holdfast="'${process.execPath}' '${program}'"\n${lines}`;
    const { stdout } = await promisify(execFile)('bash', ['-c', shell], { cwd: place.folder });
    expect(stdout).toContain('root completed: All done.');
    expect(stdout).toMatch(/^\/root\/builder +bound +task-/m);
    expect(stdout).toMatch(/\/root\/builder acts under task-\S+ since #\d+/);
    expect(stdout).toContain('"is":"good"');
    expect(stdout).toContain('doctor found something wrong');
  },
  walkMs,
);

describe('a registered fleet', () => {
  test('[TB7] keeps its key to its owner, and its token from commands, errors and exports', async () => {
    const token = 'a-very-secret-token-4711';
    process.env.HOLDFAST_REGISTRAR_TOKEN = token;
    const place = placeFor(await registrar({ tokens: { [token]: 'default' } }));
    const said = await holdfast(place, ...inLog(place, 'run', place.fleet));
    expect(said.code).toBe(0);
    const key = join(place.log, keyFileName);
    expect(statSync(key).mode & 0o777).toBe(0o600);
    const body = readFileSync(key, 'utf8').split('\n')[2]!;
    const exported = await holdfast(place, ...inLog(place, 'export'));
    const doctor = await holdfast(place, ...inLog(place, 'doctor', '-o', 'json'));
    expect(doctor.code).toBe(0);
    for (const text of [said.stdout, said.stderr, exported.stdout, doctor.stdout]) {
      expect(text).not.toContain(token);
      expect(text).not.toContain(body);
    }
    // What the command of the builder saw of it.
    expect(exported.stdout).toContain('Output:\\n0\\n');
  });

  test('[TB5] says what to do when nobody answers, when its key is open to others, and when its token is wrong', async () => {
    const server = await registrar({ tokens: { 'the right one': 'default' } });
    const place = placeFor(server);
    process.env.HOLDFAST_REGISTRAR_TOKEN = 'the wrong one';
    await holdfast(place, ...inLog(place, 'run', place.fleet));
    const [rejected] = (await eventsOf(place)).filter((e) => e.type === 'TurnFailed');
    expect(rejected?.data).toMatchObject({
      error: expect.stringMatching(/does not take this agent \(HTTP 401\); check the token/),
    });
    await server.close();
    const alone = placeFor(server);
    await holdfast(alone, ...inLog(alone, 'run', alone.fleet));
    const [unreached] = (await eventsOf(alone)).filter((e) => e.type === 'TurnFailed');
    expect(unreached?.data).toMatchObject({
      error: expect.stringMatching(/cannot be reached \(ECONNREFUSED\); start it/),
    });
    const local = newPlace({ ...registered, identity: { registrar: 'local' } });
    await holdfast(local, ...inLog(local, 'run', local.fleet));
    chmodSync(join(local.log, keyFileName), 0o644);
    const doctor = await holdfast(local, ...inLog(local, 'doctor'));
    expect([doctor.code, doctor.stdout]).toEqual([1, expect.stringContaining('chmod 600')]);
  });

  test('[TB4] whose key is another one is told so by doctor, before anything is registered anew', async () => {
    const server = await registrar();
    const [one, two] = [placeFor(server), placeFor(server)];
    for (const place of [one, two]) await holdfast(place, ...inLog(place, 'run', place.fleet));
    renameSync(join(two.log, keyFileName), join(one.log, keyFileName));
    const doctor = await holdfast(one, ...inLog(one, 'doctor'));
    expect([doctor.code, doctor.stdout]).toEqual([1, expect.stringContaining('is another key')]);
    rmSync(join(one.log, keyFileName));
    const missing = await holdfast(one, ...inLog(one, 'doctor'));
    expect([missing.code, missing.stdout]).toEqual([1, expect.stringContaining('is missing')]);
  });

  test('[TB1] a fleet file that says it wrongly is refused with the place', async () => {
    for (const [identity, where] of [
      [{ registrar: 'cloud' }, '$.identity.registrar'],
      [{ registrar: 'http' }, '$.identity.url'],
      [{ registrar: 'http', url: 'ftp://x' }, '$.identity.url'],
      [{ registrar: 'http', url: 'http://me:secret@x' }, '$.identity.url'],
      [{ registrar: 'local', token: 'x' }, '$.identity.token'],
    ] as const) {
      const place = newPlace({ ...registered, identity });
      const { code, details } = await trouble(place, 2, ...inLog(place, 'run', place.fleet));
      expect([code, details.path]).toEqual(['HOLDFAST_FLEET_FILE', where]);
    }
  });
});

describe('kill -9 during registration', () => {
  // 1: the agent is being registered; 2: the task of the root; 3: that of the builder.
  const moments = long ? [1, 2, 3, 1, 2, 3] : [1, 2, 3];

  test.each(moments)(
    '[TB3][TB5] at request %d leaves nobody bound to a wrong or dead task, and nothing registered twice',
    async (at) => {
      const server = await registrar({ delayMs: 200 });
      const place = placeFor(server);
      const run = new Watched(place, ...inLog(place, 'run', place.fleet));
      await expect.poll(() => server.registrar.heard, { timeout: 60_000, interval: 5 }).toBeGreaterThanOrEqual(at);
      run.child.kill('SIGKILL');
      await run.exit;
      expect((await holdfast(place, ...inLog(place, 'resume'))).code).toBe(0);
      const { agents, tasks, registrations } = server.registrar;
      expect([agents.size, registrations]).toEqual([1, 2]);
      type Row = { readonly path: string; readonly is: string; readonly taskId: string; readonly runtimeId: string };
      const rows = await json<Row[]>(place, ...inLog(place, 'show', 'tasks'));
      expect(rows.map(({ path, is }) => [path, is])).toEqual([
        ['/root', 'bound'],
        ['/root/builder', 'bound'],
      ]);
      for (const { taskId, runtimeId } of rows) expect(tasks.get(taskId)).toMatchObject({ runtimeId, revoked: false });
      expect(new Set(rows.map(({ taskId }) => taskId)).size).toBe(2);
    },
  );
});
