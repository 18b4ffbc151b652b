/**
 * Real pipes for children. Node gives a child two socket pairs for stdout and stderr: their order is lost, and a socket
 * cannot be opened as /dev/stderr. A FIFO, opened at both ends and unlinked, is one plain pipe for both.
 */
import { execFile } from 'node:child_process';
import { closeSync, constants, mkdirSync, openSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';

export interface Pipe {
  /** Our end, not blocking. */
  readonly readEnd: number;
  /** The child's end; close it here once the child has it, or the output never ends. */
  readonly writeEnd: number;
}

/** Made by one run of mkfifo: a start should not have to wait for one. */
const BATCH = 16;

export class Pipes {
  readonly #folder: string;
  #ready: string[] = [];
  #made = 0;
  #making: Promise<void> | undefined;

  /** `folder` is ours alone: what an earlier host left there goes. */
  constructor(folder: string) {
    this.#folder = folder;
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder, { mode: 0o700 });
  }

  async take(): Promise<Pipe> {
    if (this.#ready.length < BATCH / 2) this.#refill().catch(() => undefined); // Whoever needs it will see why.
    while (this.#ready.length === 0) await this.#refill();
    const path = this.#ready.pop()!;
    // In this order: opening the write end of a FIFO that nobody reads would block the host.
    const readEnd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    try {
      return { readEnd, writeEnd: openSync(path, constants.O_WRONLY) };
    } catch (error) {
      closeSync(readEnd);
      throw error;
    } finally {
      rmSync(path, { force: true });
    }
  }

  remove(): void {
    rmSync(this.#folder, { recursive: true, force: true });
  }

  #refill(): Promise<void> {
    this.#making ??= this.#make();
    return this.#making;
  }

  async #make(): Promise<void> {
    const paths = Array.from({ length: BATCH }, () => join(this.#folder, String(++this.#made)));
    try {
      await promisify(execFile)('mkfifo', ['-m', '600', ...paths]);
      this.#ready.push(...paths);
    } finally {
      this.#making = undefined;
    }
  }
}
