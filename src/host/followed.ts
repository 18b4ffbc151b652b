/** Follows a running child: its output goes to the spool, its source is paused when the disk is behind, its end is told. */
import { once } from 'node:events';
import { setTimeout as sleep, setImmediate as turn } from 'node:timers/promises';
import type { Exit } from './port.ts';
import type { Running } from './running.ts';
import type { Spool } from './spool.ts';

/** Waits for output to close after the exit; somebody the child left behind may hold it open for ever. */
const CLOSE_MS = 50;

/** Call `relieve` when the spool has caught up; `ended` resolves once, when the end is known and its output is on disk. */
export function follow(running: Running, spool: Spool): { relieve(): void; ended: Promise<Exit> } {
  const { output } = running;
  const closed = once(output, 'close').catch(() => undefined);
  output.on('error', () => undefined);
  running.onOutput = (chunk) => {
    if (!spool.append(chunk)) output.pause();
  };
  output.resume();
  output.once('end', () => {
    for (const chunk of running.rest?.() ?? []) spool.append(chunk);
  });
  void closed.then(() => spool.close());

  const ended = async (): Promise<Exit> => {
    const { code, signal } = await running.exited;
    const at = Date.now();
    await Promise.race([closed, closeWait(running)]);
    const outputBytes = spool.received;
    const outputHash = spool.digest();
    await spool.settled();
    return { code, signal, outputBytes, outputHash, at };
  };
  return { relieve: () => output.resume(), ended: ended() };
}

/** What the child had written is still in the pipe while we are paused, or while this loop was too busy to read it. */
async function closeWait({ output }: Running): Promise<void> {
  do {
    await sleep(CLOSE_MS);
    await turn();
  } while (output.isPaused());
}
