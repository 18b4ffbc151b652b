/** A person, or a pipe, on a process: its terminal while it runs, what it has left when it has ended. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { Failure } from '../../failure.ts';
import { joinProcess } from '../../host/client.ts';
import type { Exit } from '../../host/port.ts';
import { endOf, startOf } from '../../host/records.ts';
import { readSpool } from '../../host/spoolReader.ts';
import { refuseStrangers } from '../../log/folder.ts';
import { notFound } from '../../why/question.ts';
import { refuseNoLog } from '../opened.ts';
import type { Output } from '../output.ts';
import { commandLine, type Setting } from '../setting.ts';
import { ownSeat } from './own.ts';
import { Playback, type Source } from './playback.ts';
import { pour } from './pour.ts';
import { type Visit, visit } from './visit.ts';

export interface Options {
  readonly take?: boolean;
  readonly watch?: boolean;
}

/** What no host has any more: its output is on disk, and its end if that is known. */
interface Left extends Source {
  readonly tty: boolean;
  readonly exit: Exit | undefined;
}

function leftOf(dir: string, processId: number): Left {
  const record = endOf(dir, processId) ?? startOf(dir, processId);
  if (record === undefined)
    throw notFound('process', String(processId), `\`${commandLine(dir, 'ps', '--all')}\` lists them`);
  const read = async (from: number, bytesMax: number) => readSpool(dir, processId, from, bytesMax);
  return { tty: record.tty, exit: endOf(dir, processId)?.exit, windows: record.windows ?? [], read };
}

const howItEnded = (exit: Exit | undefined): string =>
  exit === undefined ? 'nobody knows how it ended' : exit.signal === null ? `code ${exit.code}` : exit.signal;

async function tellEnd(out: Output, processId: number, { exit, lines }: Omit<Visit, 'left'>): Promise<void> {
  const end = { processId, is: exit === undefined ? 'lost' : 'ended', ...exit };
  await out.show(end, () => [...lines, `process ${processId} has ended: ${howItEnded(exit)}`]);
}

async function tellLeft({ dir, out }: Setting, processId: number): Promise<void> {
  const again = commandLine(dir, 'attach', String(processId));
  await out.show({ processId, is: 'running' }, () => [`left process ${processId}, which goes on: ${again}`]);
}

/** The last screen of what has ended. */
async function show({ out }: Setting, processId: number, left: Left): Promise<void> {
  const { columns: cols = 80, rows = 24 } = process.stdout;
  const playback = new Playback(left, { tty: left.tty, cols, rows });
  await playback.catchUp();
  await tellEnd(out, processId, { exit: left.exit, lines: playback.screen.lines });
}

export async function attach(setting: Setting, processId: number, { take, watch }: Options): Promise<void> {
  const { dir, out } = setting;
  // A host may outlive its log: it has a spool of its own.
  if (existsSync(join(dir, 'spool'))) refuseStrangers(dir);
  else refuseNoLog(dir);
  const at = await joinProcess(dir, processId);
  const onTerminal = process.stdout.isTTY === true && process.stdin.isTTY === true;
  if (at === undefined) {
    const left = leftOf(dir, processId);
    if (onTerminal) await show(setting, processId, left);
    else await pour(out, processId, { ...left, more: async (size) => ({ size, exit: left.exit }) });
    return;
  }
  try {
    if (!onTerminal) {
      if (take === true) throw noTerminal();
      await pour(out, processId, at);
      return;
    }
    const seat = ownSeat();
    const visited = await visit(at, seat, watch === true ? 'watch' : take === true ? 'take' : 'ask').finally(
      seat.release,
    );
    if (visited.left) await tellLeft(setting, processId);
    else await tellEnd(out, processId, visited);
  } finally {
    at.leave();
  }
}

const noTerminal = (): Failure =>
  new Failure('HOLDFAST_USAGE', 'the keyboard can only be taken from a terminal', {
    remedy: 'leave --take out: the output is then written to stdout, from its beginning on',
  });
