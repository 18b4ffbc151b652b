/** Somebody at a terminal of their own, on which a verb of the built command line runs: what they see, and what they press. */
import * as nodePty from 'node-pty';
import { afterEach, expect } from 'vitest';
import { Screen } from '../../src/cli/attach/screen.ts';
import { type Place, program } from './cli.ts';

const desks: Desk[] = [];

interface Size {
  readonly cols: number;
  readonly rows: number;
  readonly run?: readonly [string, ...string[]];
}

afterEach(() => {
  for (const desk of desks.splice(0)) desk.end();
});

export class Desk {
  readonly exit: Promise<number>;
  readonly #pty: nodePty.IPty;
  readonly #screen: Screen;
  #over = false;

  /** `run`: what the words are given to, instead of the built command line. */
  constructor(
    { folder }: Place,
    { run: [command, ...before] = [process.execPath, program], ...size }: Size,
    ...words: readonly string[]
  ) {
    const env = { ...process.env, TERM: 'xterm-256color', HOLDFAST_LOG: '' };
    this.#pty = nodePty.spawn(command, [...before, ...words], { ...size, cwd: folder, env });
    this.#screen = new Screen(size.cols, size.rows, false);
    this.#pty.onData((text) => void this.#screen.write(text));
    this.exit = new Promise((resolve) => {
      this.#pty.onExit(({ exitCode }) => {
        this.#over = true;
        resolve(exitCode);
      });
    });
    desks.push(this);
  }

  press(keys: string): void {
    this.#pty.write(keys);
  }

  resize(cols: number, rows: number): void {
    this.#pty.resize(cols, rows);
    this.#screen.resize(cols, rows);
  }

  /** Rows as they are seen, without colours. */
  get rows(): string[] {
    return this.#screen.lines.map((line) => line.replaceAll(/\u001b\[[\d;]*m/g, '').trimEnd());
  }

  async sees(...texts: readonly string[]): Promise<void> {
    for (const text of texts) await expect.poll(() => this.rows.join('\n'), { timeout: 30_000 }).toContain(text);
  }

  /** Rows in order, and nothing else above the message. */
  async showsRows(rows: readonly string[]): Promise<void> {
    await expect.poll(() => this.rows.slice(0, rows.length), { timeout: 30_000 }).toEqual(rows);
  }

  /** The last rows, once the verb has ended: what it wrote last comes after its end. */
  async leaves(...rows: readonly string[]): Promise<void> {
    await expect.poll(() => this.rows.slice(-rows.length), { timeout: 30_000 }).toEqual(rows);
  }

  end(): void {
    if (!this.#over) this.#pty.kill('SIGKILL');
  }
}
