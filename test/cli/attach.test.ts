import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import type { HoldfastEvent } from '../../events/catalogue.ts';
import { connectHost, hostOfLog, launchHost } from '../../src/host/client.ts';
import { runs } from '../../src/host/procfs.ts';
import { newId } from '../../src/newId.ts';
import { holdfast, json, newPlace, type Place, program, trouble, Watched } from './cli.ts';
import { Desk } from './desk.ts';

const prefix = '\u001d';

const fleet = {
  models: { script: { kind: 'script' } },
  roots: [{ prompt: 'Go', model: 'script' }],
  scripts: {
    '/root': [
      [
        {
          call: 'exec_command',
          id: 'shell',
          args: { cmd: 'PS1="ready$ " exec bash --norc --noprofile -i', tty: true, yield_time_ms: 250 },
        },
      ],
      { hang: true },
    ],
  },
};

/** A fleet in another process, whose agent has started a shell in a terminal. */
async function shell(): Promise<{ place: Place; run: Watched; at: readonly string[] }> {
  const place = newPlace(fleet);
  const run = new Watched(place, 'run', place.fleet, '--log', place.log, '-o', 'jsonl');
  await run.until(({ stdout }) => /"callId":"shell".*"outcome":"ok"/.test(stdout));
  return { place, run, at: ['--log', place.log] };
}

/** A host with one process and no engine. */
async function hosted(script: string, tty: boolean): Promise<{ place: Place; at: readonly string[] }> {
  const place = newPlace();
  const host = await launchHost(place.log, newId());
  const argv = ['bash', '--norc', '--noprofile', '-c', script];
  const env = { PATH: process.env.PATH ?? '', TERM: 'xterm-256color' };
  await host.start({ requestId: 'turn/call', processId: 1000, argv, cwd: '/tmp', env, tty });
  host.disconnect();
  return { place, at: ['--log', place.log] };
}

interface Written {
  readonly data: { readonly bytes: number; readonly writtenBy: string };
}

const typed = async (place: Place, at: readonly string[]): Promise<number> => {
  const { stdout } = await holdfast(place, 'log', '--type', 'ProcessWritten', '-o', 'jsonl', ...at);
  const events = stdout.split('\n').flatMap((line) => (line === '' ? [] : [JSON.parse(line) as Written]));
  expect(events.every(({ data }) => data.writtenBy === 'operator')).toBe(true);
  return events.reduce((sum, { data }) => sum + data.bytes, 0);
};

describe('attach', () => {
  test('[PR3] two at once see the same screen in their own windows, one has the keyboard, and what is typed is a fact', async () => {
    const { place, run, at } = await shell();
    const first = new Desk(place, { cols: 90, rows: 20 }, 'attach', '1000', ...at);
    await first.sees('ready$', 'you have the keyboard');
    first.press('stty size\r');
    await first.sees('20 90');
    const second = new Desk(place, { cols: 60, rows: 12 }, 'attach', '1000', ...at);
    await second.sees('20 90', 'somebody else has the keyboard');
    second.press('x');
    await second.sees('you only watch');
    first.press('echo $((40+2))\r');
    await Promise.all([first.sees('\n42\n'), second.sees('\n42\n')]);

    second.press(`${prefix}t`);
    await second.sees('you have the keyboard');
    await first.sees('somebody else has the keyboard');
    second.press('stty size\r');
    await Promise.all([first.sees('12 60'), second.sees('12 60')]);
    // A window tells of its new size by a signal, which may come after keys that were pressed later.
    const untilResized = 'until stty size | grep "14 7""0"; do sleep .1; done\r';
    second.press(untilResized);
    second.resize(70, 14);
    await Promise.all([first.sees('14 70'), second.sees('14 70')]);
    second.press(`${prefix}d`);
    expect(await second.exit).toBe(0);
    await second.sees('left process 1000, which goes on');
    await first.sees('nobody has the keyboard');

    first.press(`${prefix}t`);
    await first.sees('you have the keyboard');
    const lines = ['stty size\r', 'echo $((40+2))\r', 'stty size\r', untilResized, 'exit 7\r'];
    first.press(lines[4]!);
    expect(await first.exit).toBe(0);
    await first.leaves('process 1000 has ended: code 7');
    expect(first.rows).toContain('14 70');
    expect(await typed(place, at)).toBe(lines.join('').length);
    run.child.kill('SIGINT');
    expect(await run.exit).toBe(130);
  });

  test('[PR3] [PR8] goes on when the engine is killed, works without one, and the next one records what was typed', async () => {
    const { place, run, at } = await shell();
    const desk = new Desk(place, { cols: 80, rows: 10 }, 'attach', '1000', ...at);
    await desk.sees('ready$', 'you have the keyboard');
    process.kill(run.child.pid!, 'SIGKILL');
    await run.exit;
    desk.press('echo $((40+2))\r');
    await desk.sees('\n42\n');
    desk.press(`${prefix}d`);
    expect(await desk.exit).toBe(0);
    const again = new Desk(place, { cols: 80, rows: 10 }, 'attach', '1000', ...at);
    await again.sees('\n42\n', 'you have the keyboard');
    again.press('unfinished');
    await again.sees('unfinished');
    again.end();
    const next = new Watched(place, 'resume', '-o', 'jsonl', ...at);
    await next.until(({ stdout }) => stdout.includes('"type":"ProcessWritten"'));
    expect(await typed(place, at)).toBe('echo $((40+2))\runfinished'.length);
    next.child.kill('SIGINT');
    expect(await next.exit).toBe(130);
  });

  test('[PR2] the screen of a program that painted it long ago is there at once, with the modes it set', async () => {
    const paint = String.raw`printf '\033[?1049h\033[2J\033[3;5Hin the middle\033[1;31m red\033[0m\033[24;1Hlast row'`;
    const { place, at } = await hosted(
      `echo before; ${paint}; read -rsn 1; printf '\\033[?1049l'; read -rsn 1; exit 3`,
      true,
    );
    const desk = new Desk(place, { cols: 80, rows: 24 }, 'attach', '1000', '--watch', ...at);
    await desk.showsRows(['', '', '    in the middle red']);
    desk.press('\u0003');
    expect(await desk.exit).toBe(0);
    const holder = new Desk(place, { cols: 80, rows: 24 }, 'attach', '1000', ...at);
    await holder.showsRows(['', '', '    in the middle red']);
    await holder.sees('you have the keyboard');
    holder.press('x');
    await holder.showsRows(['before']);
    holder.press('x');
    await holder.exit;
    await holder.leaves('before', 'process 1000 has ended: code 3');
  });

  test('[PR9] pipes are only watched, ^C leaves them alone, and their end is shown with its signal', async () => {
    const { place, at } = await hosted('echo one; echo two; exec sleep 1000', false);
    const host = hostOfLog(place.log)!;
    const desk = new Desk(place, { cols: 80, rows: 10 }, 'attach', '1000', ...at);
    await desk.showsRows(['one', 'two']);
    await desk.sees('it runs on pipes');
    desk.press('\u0003');
    expect(await desk.exit).toBe(0);
    expect(runs(host.pid, host.startTime)).toBe(true);
    const watcher = new Desk(place, { cols: 80, rows: 10 }, 'attach', '1000', ...at);
    await watcher.showsRows(['one', 'two']);
    await (await connectHost(place.log))!.signal('s', 1000, 'SIGTERM');
    expect(await watcher.exit).toBe(0);
    await watcher.leaves('one', 'two', 'process 1000 has ended: SIGTERM');
  });

  test('[PR4] off a terminal it writes all output up to the end, also of what ended long ago; an unknown id is told', async () => {
    const { place, at } = await hosted('for i in {1..20000}; do echo "line $i"; done; exit 4', false);
    const lines = Array.from({ length: 20_000 }, (_, i) => `line ${i + 1}\n`).join('');
    expect(await holdfast(place, 'attach', '1000', ...at)).toEqual({ code: 0, stdout: lines, stderr: '' });
    const host = (await connectHost(place.log))!;
    await host.acknowledge(1000);
    await host.endIfEmpty();
    expect((await holdfast(place, 'attach', '1000', ...at)).stdout).toBe(lines);
    expect(await json(place, 'attach', '1000', ...at)).toMatchObject({ processId: 1000, is: 'ended', code: 4 });
    const desk = new Desk(place, { cols: 80, rows: 10 }, 'attach', '1000', ...at);
    await desk.exit;
    await desk.leaves('line 20000', 'process 1000 has ended: code 4');
    expect(await trouble(place, 1, 'attach', '1001', ...at)).toMatchObject({ code: 'HOLDFAST_NOT_FOUND' });
    for (const words of [['one'], ['999'], ['1000', '--take', '--watch']])
      expect(await trouble(place, 2, 'attach', ...words, ...at)).toMatchObject({ code: 'HOLDFAST_USAGE' });
  });

  test('[PR8] says so when its host is gone, whoever took the keyboard from whom', async () => {
    const { place, at } = await hosted('echo up; exec cat', true);
    const desk = new Desk(place, { cols: 80, rows: 10 }, 'attach', '1000', ...at);
    await desk.sees('up', 'you have the keyboard');
    const taker = new Desk(place, { cols: 80, rows: 10 }, 'attach', '1000', '--take', ...at);
    await taker.sees('up', 'you have the keyboard');
    await desk.sees('somebody else has the keyboard');
    process.kill(hostOfLog(place.log)!.pid, 'SIGKILL');
    expect([await desk.exit, await taker.exit]).toEqual([3, 3]);
    await desk.sees('HOLDFAST_HOST_LOST  the process host is gone, and process 1000 with it');
  });
});

const checkout = fileURLToPath(new URL('../..', import.meta.url));

test('[PR1][PR5][PR8] the walk-through of the README works as it stands there: a shell that is detached outlives the kill of its engine, is attached to, resumed, reattached and stopped', async () => {
  const readme = readFileSync(`${checkout}/README.md`, 'utf8');
  const section = readme.slice(readme.indexOf('\n## Terminals\n'));
  const script = /```sh\n([\s\S]*?)```/.exec(section)![1]!;
  const place = newPlace();
  const shell = `set -e
    shopt -s expand_aliases
    CHECKOUT='${checkout}'
    export HOLDFAST_LOG='${place.log}'
    alias holdfast="'${process.execPath}' '${program}'"
    ${script}`;
  const desk = new Desk(place, { cols: 100, rows: 40, run: ['bash', '-c'] }, shell);
  await desk.sees('detached from /root: 1000', 'shell>');
  desk.press('x=41\r');
  await desk.sees('shell> x=41');
  desk.press(`${prefix}d`);
  await desk.sees('reattached to /root: 1000', 'shell>');
  desk.press('echo $((x+1))\r');
  await desk.sees('\n42\n');
  desk.press(`${prefix}d`);
  await desk.sees('is ended');
  expect(await desk.exit).toBe(0);
  // A shell at a terminal does not end on TERM.
  await desk.sees('process 1000 has ended: SIGKILL');
  const { stdout } = await holdfast(place, 'log', '--log', place.log, '-o', 'jsonl');
  const events = stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as HoldfastEvent);
  const moves = events.filter(({ type }) =>
    /^Process(Detached|Reattached|StopRequested|Exited|Terminated|Lost)/.test(type),
  );
  expect(moves.map(({ type, data }) => ('reason' in data ? `${type} ${data.reason}` : type))).toEqual([
    'ProcessDetached operator',
    'ProcessReattached',
    'ProcessDetached engine-stopped',
    'ProcessStopRequested requested',
    'ProcessTerminated',
  ]);
  const typed = events.flatMap((event) => (event.type === 'ProcessWritten' ? [event.data] : []));
  expect(typed.map(({ bytes, writtenBy }) => [bytes, writtenBy])).toEqual([
    ['x=41\r'.length, 'operator'],
    ['echo $((x+1))\r'.length, 'operator'],
  ]);
}, 180_000);
