import { spawn } from 'node-pty';
import { expect, test } from 'vitest';
import { Player } from '../../src/cli/live/player.ts';
import { foldLog, stateHash } from '../../src/engine/fold.ts';
import { openReader } from '../../src/live.ts';
import { holdfast, newPlace, program, trouble } from './cli.ts';

async function lived() {
  const place = newPlace();
  expect((await holdfast(place, 'run', place.fleet, '--log', place.log)).code).toBe(0);
  return place;
}

test('[I13] stepping forwards and backwards gives at each batch the state that a fold up to it gives', async () => {
  const log = await openReader((await lived()).log);
  try {
    const end = log.synced().position;
    const player = await Player.open(log, 1, end);
    const hashes = new Map<number, string>();
    for (;;) {
      const { position } = player.state;
      hashes.set(position, stateHash(player.state));
      expect(hashes.get(position)).toBe(stateHash(await foldLog(log, { to: position })));
      expect(player.batch.at(-1)!.position).toBe(position);
      if (position === end) break;
      await player.forward();
    }
    const there = [...hashes.keys()];
    for (const position of there.slice(0, -1).reverse()) {
      await player.backward();
      expect([player.state.position, stateHash(player.state)]).toEqual([position, hashes.get(position)]);
    }
    await player.backward();
    expect(player.state.position).toBe(there[0]);
    await player.forward(3);
    expect(player.state.position).toBe(there[3]);
    await player.backward(3);
    expect(player.state.position).toBe(there[0]);
    await player.forward(10_000);
    expect(player.state.position).toBe(end);
  } finally {
    await log.close();
  }
});

test('replay --watch steps with keys on a terminal, and is refused without one', async () => {
  const place = await lived();
  expect((await trouble(place, 2, 'replay', '--watch', '--log', place.log)).message).toBe('--watch needs a terminal');
  const pty = spawn(process.execPath, [program, 'replay', '--watch', '--log', place.log], { cols: 90, rows: 20 });
  let seen = '';
  let wake = () => {};
  pty.onData((text) => {
    seen += text;
    wake();
  });
  const exit = new Promise<number>((resolve) => pty.onExit(({ exitCode }) => resolve(exitCode)));
  const until = async (text: RegExp) => {
    while (!text.test(seen)) await new Promise<void>((resolve) => (wake = resolve));
    seen = '';
  };
  await until(/7 of \d+/);
  pty.write('\u001b[C');
  await until(/ModelSampled/);
  pty.write('G');
  await until(/EngineStopped/);
  pty.write('g');
  await until(/7 of \d+/);
  pty.write('q');
  expect(await exit).toBe(0);
});
