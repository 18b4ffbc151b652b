/** Starts a child with stdin closed and with stdout and stderr in one pipe, so that their order is kept (PR9). */
import { spawn } from 'node:child_process';
import { closeSync } from 'node:fs';
import { Socket } from 'node:net';
import { openPipe } from './descriptors.ts';
import { drained } from './drain.ts';
import { statOf } from './procfs.ts';
import type { Launch, Running, Status } from './running.ts';

/** Rejects with the error of the launch. */
export async function startPiped({ argv, cwd, env }: Launch): Promise<Running> {
  const [program = '', ...args] = argv;
  const { readEnd, writeEnd } = openPipe();
  try {
    // detached: leader of its own group and session.
    const child = spawn(program, args, { cwd, env, detached: true, stdio: ['ignore', writeEnd, writeEnd] });
    const exited = new Promise<Status>((resolve) => {
      child.once('exit', (code, signal) => resolve({ code, signal }));
    });
    const pid = child.pid ?? (await new Promise<never>((_, reject) => child.once('error', reject)));
    const startTime = statOf(pid)?.startTime ?? 0;
    const running: Pick<Running, 'onOutput'> = { onOutput: () => undefined };
    const output = new Socket({
      ...{ fd: readEnd, readable: true, writable: false, manualStart: true },
      ...drained(readEnd, running),
    });
    return Object.assign(running, { pid, startTime, output, exited });
  } catch (error) {
    closeSync(readEnd);
    throw error;
  } finally {
    closeSync(writeEnd);
  }
}
