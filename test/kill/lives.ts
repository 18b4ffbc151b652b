/** A fleet in a process of its own that is killed and begun again until it is done. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { HoldfastEvent } from '../../events/catalogue.ts';
import type { FleetFile } from '../../events/fleetFile.ts';
import { hostOfLog } from '../../src/host/client.ts';
import { allPids, carries, isDead, statOf } from '../../src/host/procfs.ts';
import { openReader } from '../../src/live.ts';

const runner = fileURLToPath(new URL('./runner.mjs', import.meta.url));
const program = fileURLToPath(new URL('../../dist/src/cli/main.js', import.meta.url));
const checkout = fileURLToPath(new URL('../..', import.meta.url));

export class Lives {
  readonly folder = mkdtempSync(join(tmpdir(), 'holdfast-kill-'));
  readonly log = join(this.folder, 'log');
  readonly #file = join(this.folder, 'fleet.json');
  readonly #traces = join(this.folder, 'traces');
  readonly #through: 'library' | 'command line';
  /** The log holds a fleet: `resume` goes on with it. */
  #begun = false;

  constructor(fleet: FleetFile, through: 'library' | 'command line' = 'library') {
    this.#through = through;
    writeFileSync(this.#file, JSON.stringify(fleet));
    writeFileSync(this.#traces, '');
  }

  /** Kills this life `laterMs` after so many lines of what it says; true if it ended by itself before. `host`: its host, too. */
  async live(lines: number, { host = false, laterMs = 0 } = {}): Promise<boolean> {
    const child = spawn(process.execPath, this.#command(), {
      cwd: checkout,
      env: { ...process.env, HOLDFAST_TRACES: this.#traces },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const exited = once(child, 'exit');
    let said = 0;
    for await (const _ of createInterface({ input: child.stdout })) {
      this.#begun = true;
      said += 1;
      if (said !== lines) continue;
      if (host) this.killHost();
      if (laterMs > 0) setTimeout(() => child.kill('SIGKILL'), laterMs);
      else child.kill('SIGKILL');
    }
    const [code, signal] = await exited;
    // The life before was killed after its first batch was durable and before it could say so.
    if (code === 1 && !this.#begun) {
      this.#begun = true;
      return this.live(lines, { host, laterMs });
    }
    if (code !== 0 && signal !== 'SIGKILL') throw new Error(`the fleet ended with ${code ?? signal}`);
    return code === 0;
  }

  #command(): string[] {
    if (this.#through === 'library') return [runner, this.log, this.#file];
    const verb = this.#begun ? ['resume'] : ['run', this.#file];
    return [program, ...verb, '--log', this.log, '-o', 'jsonl'];
  }

  killHost(): void {
    const place = hostOfLog(this.log);
    if (place !== undefined) process.kill(place.pid, 'SIGKILL');
  }

  /** Lines of commands that were carried out. */
  traces(): string[] {
    return readFileSync(this.#traces, 'utf8').split('\n').slice(0, -1);
  }

  async events(): Promise<HoldfastEvent[]> {
    const log = await openReader(this.log);
    const events: HoldfastEvent[] = [];
    for await (const page of log.read()) events.push(...(page as readonly HoldfastEvent[]));
    await log.close();
    return events;
  }

  /** Living processes that this fleet started, hosts excepted. */
  left(fleetId: string): number[] {
    return allPids().filter((pid) => {
      const stat = statOf(pid);
      return stat !== undefined && !isDead(stat) && carries(pid, { HOLDFAST_FLEET_ID: fleetId });
    });
  }

  remove(): void {
    this.killHost();
    rmSync(this.folder, { recursive: true, force: true });
  }
}
