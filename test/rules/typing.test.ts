/** What operators type at the host is a fact (PR3), whether an engine runs or not: a host on paper tells how much it was so far. */
import { describe, expect, test } from 'vitest';
import { exited, type Living, living, type PaperHost, quiet, until } from './living.ts';

async function terminal(): Promise<{ f: Living; host: PaperHost }> {
  const f = await living();
  await f.talk.calls('/root', 'exec_command', { cmd: 'vi', tty: true });
  const host = await until(() => f.host);
  await until(() => f.events.some((e) => e.type === 'ProcessStarted'));
  return { f, host };
}

const written = (f: Living) =>
  f.events.flatMap((e) => (e.type === 'ProcessWritten' ? [[e.data.bytes, e.data.hash, e.data.writtenBy]] : []));
const operator = 'operator';

describe('what an operator types', () => {
  test('[PR3] is recorded as it is told, and what was told before is not recorded again', async () => {
    const { f, host } = await terminal();
    host.types(1000, 3);
    host.types(1000, 3);
    host.types(1000, 10);
    await quiet();
    expect(written(f)).toEqual([
      [3, 'of 3', operator],
      [7, 'of 10', operator],
    ]);
    expect(f.life.state.processes.all[1000]).toMatchObject({ written: 10, typed: 10 });
  });

  test('[PR3] while no engine runs is recorded by the next one, once', async () => {
    const { f, host } = await terminal();
    host.types(1000, 3);
    await quiet();
    f.life.hands.stop();
    host.types(1000, 8, false);
    await f.crash();
    await until(() => written(f).length === 2);
    await f.crash();
    await quiet();
    expect(written(f)).toEqual([
      [3, 'of 3', operator],
      [5, 'of 8', operator],
    ]);
  });

  test('[PR6] last is recorded in the batch of the end, before it', async () => {
    const { f, host } = await terminal();
    host.types(1000, 5, false);
    host.ends(1000, exited(0));
    await until(() => f.events.some((e) => e.type === 'ProcessExited'));
    const [before, end] = f.events.filter((e) => e.type === 'ProcessWritten' || e.type === 'ProcessExited');
    expect(written(f)).toEqual([[5, 'of 5', operator]]);
    expect([before!.type, end!.type, before!.batch]).toEqual(['ProcessWritten', 'ProcessExited', end!.batch]);
  });

  test('[PR8] before its host died is found on disk and recorded before the loss', async () => {
    const { f } = await terminal();
    f.life.hands.stop();
    f.host = undefined;
    f.remains = { typed: { bytes: 4, hash: 'of 4' } };
    await f.crash();
    await until(() => f.events.some((e) => e.type === 'ProcessLost'));
    const { position } = f.events.find((e) => e.type === 'ProcessLost')!;
    expect(written(f)).toEqual([[4, 'of 4', operator]]);
    expect(f.events.find((e) => e.type === 'ProcessWritten')!.position).toBeLessThan(position);
  });
});
