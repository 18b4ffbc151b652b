import { lstatSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { endless, holdfast, inFull, json, newPlace, type Place, quick, trouble, Watched } from './cli.ts';

/** A fleet that runs in one process, asked and told from others. */

async function running(place: Place): Promise<Watched> {
  const run = new Watched(place, 'run', place.fleet, '--log', place.log, '-o', 'jsonl');
  await run.until(inFull);
  return run;
}

describe('a fleet that runs in another process', () => {
  test('is read and acted on through its socket, and whoever follows it sees all to its end', async () => {
    const place = newPlace(endless);
    const run = await running(place);
    const at = ['--log', place.log];
    const follower = new Watched(place, 'log', '--follow', '-o', 'jsonl', ...at);
    await follower.until(inFull);

    const [process] = await json<{ command: string[]; memoryBytes: number }[]>(place, 'ps', ...at);
    expect(process).toMatchObject({ is: 'live', path: '/root', place: 'attached', members: 1, outputBytes: 0 });
    expect(process).toMatchObject({ command: expect.arrayContaining(['sleep 1000']), cpuMs: expect.any(Number) });
    expect(process!.memoryBytes).toBeGreaterThan(100_000);
    const listed = (await holdfast(place, 'ps', ...at)).stdout;
    expect(listed).toMatch(
      /^PROCESS +PID +AGENT +STATE +AGE +OUTPUT +CPU +MEMORY +ON +COMMAND\n1000 +\d+ +\/root +attached /,
    );
    const agents = await json<{ path: string; status: { is: string } }[]>(place, 'show', 'agents', ...at);
    expect(agents.map(({ path, status }) => [path, status.is])).toEqual([
      ['/root', 'running'],
      ['/root/one', 'running'],
    ]);
    expect(await json(place, 'verify', ...at)).toMatchObject({ ok: true });
    expect((await holdfast(place, 'why', 'slot', '/root/one', ...at)).stdout).toContain('is held by /root/one');

    const sent = await json<{ mailId: string }>(place, 'send', '/root/one', 'Hello', '--key', 'k', ...at);
    expect(await json(place, 'send', '/root/one', 'Hello', '--key', 'k', ...at)).toEqual(sent);
    expect((await trouble(place, 1, 'send', '/root/one', 'Bye', '--key', 'k', ...at)).code).toBe('HOLDFAST_KEY_REUSED');
    expect((await trouble(place, 1, 'send', '/root/two', 'Hello', ...at)).code).toBe('HOLDFAST_AGENT_NOT_FOUND');
    expect((await holdfast(place, 'why', 'mail', sent.mailId, ...at)).stdout).toContain('is unread');
    expect(await json(place, 'interrupt', '/root/one', ...at)).toMatchObject({ interrupted: true });
    expect(await json(place, 'close', '/root/one', '--reason', 'enough', ...at)).toEqual({
      path: '/root/one',
      closed: 1,
    });
    // The last turn ends: the fleet comes to rest, its process is left to its host, and the run is over.
    expect(await json(place, 'interrupt', '/root', ...at)).toMatchObject({ interrupted: true });
    expect(await run.exit).toBe(0);
    expect(run.stderr).toMatch(/process 1000 of \/root goes on without the fleet: sleep 1000/);
    expect(await follower.exit).toBe(0);
    const log = await holdfast(place, 'log', '-o', 'jsonl', ...at);
    expect(follower.stdout).toBe(log.stdout);
    expect(run.stdout).toBe(log.stdout);
    expect(log.stdout).toContain('"type":"ProcessDetached"');
    expect(log.stdout).not.toContain('"type":"ProcessTerminated"');
  });

  test('[LO3] is not run or resumed a second time: exit 5 with the owner named', async () => {
    const place = newPlace(endless);
    const run = await running(place);
    for (const verb of [['run', place.fleet], ['resume']]) {
      const error = await trouble(place, 5, ...verb, '--log', place.log);
      expect(error).toMatchObject({ code: 'HOLDFAST_LOG_LOCKED', details: { pid: run.child.pid } });
    }
  });

  test('that does not answer is exit 5, with its pid; after its death the log is read from its folder', async () => {
    const place = newPlace(endless);
    const run = await running(place);
    run.child.kill('SIGSTOP');
    for (const verb of [['show'], ['send', '/root', 'Hello']]) {
      const said = await holdfast(place, ...verb, '--log', place.log, '-o', 'json');
      expect([said.code, JSON.parse(said.stderr).error]).toEqual([
        5,
        expect.objectContaining({
          code: 'HOLDFAST_OWNER_UNREACHABLE',
          details: expect.objectContaining({ pid: run.child.pid }),
        }),
      ]);
    }
    run.child.kill('SIGKILL');
    await run.exit;
    expect((await holdfast(place, 'show', '--log', place.log)).code).toBe(0);
    expect((await trouble(place, 1, 'send', '/root', 'Hello', '--log', place.log)).code).toBe('HOLDFAST_NOT_RUNNING');
  });

  test('[PR11] is reached by this user only, also where the path of the log is too long for a socket', async () => {
    const place = newPlace(endless);
    const deep = { ...place, log: join(place.folder, 'd'.repeat(120), 'log') };
    for (const { log } of [place, deep]) {
      const run = await running({ ...place, log });
      const owner = await json<{ findings: { what: string; found: string }[] }>(place, 'doctor', '--log', log);
      const found = owner.findings.find(({ what }) => what === 'owner')?.found ?? '';
      const socket = found.slice(found.indexOf(' at ') + 4);
      expect(Buffer.byteLength(socket)).toBeLessThanOrEqual(100);
      expect(lstatSync(socket).mode & 0o777).toBe(0o600);
      expect(statSync(join(socket, '..')).mode & 0o777).toBe(0o700);
      expect(await json(place, 'interrupt', '/root', '--cascade', '--log', log)).toMatchObject({ interrupted: true });
      expect(await run.exit).toBe(0);
    }
  });

  test('two paths that are the same but for their root are told apart by its name', async () => {
    const roots = [
      { name: 'left', prompt: 'Go', model: 'script' },
      { name: 'right', prompt: 'Go', model: 'script' },
    ];
    const place = newPlace({ ...quick, roots, scripts: { '/root': [{ hang: true }] } });
    const run = new Watched(place, 'run', place.fleet, '--log', place.log, '-o', 'jsonl');
    await run.until(({ stdout }) => stdout.includes('"MailConsumed"'));
    const error = await trouble(place, 1, 'interrupt', '/root', '--log', place.log);
    expect(error).toMatchObject({
      code: 'HOLDFAST_AMBIGUOUS_PATH',
      details: { candidates: ['left:/root', 'right:/root'] },
    });
    for (const path of ['left:/root', 'right:/root']) await json(place, 'interrupt', path, '--log', place.log);
    expect(await run.exit).toBe(0);
  });
});
