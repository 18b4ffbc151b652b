/** Rollouts imported into a log in memory, and what its events say; folders for rollouts that are changed. */
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach } from 'vitest';
import type { EventOf, EventType, HoldfastEvent } from '../../events/catalogue.ts';
import { defaultLimits } from '../../events/limits.ts';
import { apply } from '../../projections/apply.ts';
import { policyOf } from '../../projections/policy.ts';
import { Rehearsal, type Step } from '../../projections/rehearsal.ts';
import { emptyState, type State } from '../../projections/state.ts';
import { stateHash } from '../../src/engine/fold.ts';
import { memoryStorage, openMemoryLog } from '../../src/log/memory.ts';
import type { Log } from '../../src/log/port.ts';
import { importRollouts, type Tool } from '../../src/rollouts/importing.ts';
import type { ImportReport } from '../../src/rollouts/report.ts';

export const fixture = (name: string): string =>
  fileURLToPath(new URL(`../../fixtures/rollouts/${name}`, import.meta.url));
export const toolOf = (name: string): Tool => (name.startsWith('claude') ? 'claude' : 'codex');
export const fixtures = [
  'codex-bare',
  'codex-turnless',
  'codex-v1-team',
  'codex-v2-team',
  'claude-sidechains',
  'claude-subagents',
];

const folders: string[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

export function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-rollouts-'));
  folders.push(folder);
  return folder;
}

/** A copy of a fixture that may be changed. */
export function copyOf(name: string): string {
  const folder = newFolder();
  cpSync(fixture(name), folder, { recursive: true });
  return folder;
}

export const rolloutsIn = (folder: string): string[] =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((name) => join(folder, name))
    .filter((path) => statSync(path).isFile() && path.endsWith('.jsonl'))
    .sort();

export function change(path: string, to: (content: Buffer) => Buffer | string): void {
  writeFileSync(path, to(readFileSync(path)));
}

export class Imported {
  readonly log: Log = openMemoryLog({ touches: () => [], storage: memoryStorage() });
  events: HoldfastEvent[] = [];
  state: State = emptyState(defaultLimits);

  async add(path: string, from: Tool = 'codex', policy?: string): Promise<ImportReport> {
    const report = await importRollouts(this.log, {
      from,
      path,
      version: '0.0.0',
      ...(policy !== undefined && { policy }),
    });
    this.events = [];
    this.state = emptyState(defaultLimits);
    for await (const page of this.log.read()) {
      for (const event of page as readonly HoldfastEvent[]) {
        this.events.push(event);
        apply(this.state, event);
      }
    }
    return report;
  }

  of<K extends EventType>(type: K): EventOf<K>[] {
    return this.events.filter((event) => event.type === type) as unknown as EventOf<K>[];
  }

  get hash(): string {
    return stateHash(this.state);
  }

  path(agentId: string | undefined): string {
    return this.state.agents[agentId ?? '']?.path ?? '(nobody)';
  }

  agentAt(path: string): string {
    return Object.values(this.state.agents).find((agent) => agent.path === path)!.agentId;
  }

  /** Slots under a policy, as `time what who held`. */
  steps(policy: string): string[] {
    const steps: Step[] = [];
    const rehearsal = new Rehearsal(policyOf(policy, defaultLimits)!, (step) => steps.push(step));
    for (const event of this.events) rehearsal.apply(event);
    return steps.map(({ at, is, agentId, held }) => {
      const who = agentId === undefined ? '' : `${this.path(agentId).slice('/root/'.length)} `;
      return `${new Date(at).toISOString().slice(11, 23)} ${is} ${who}${held}`;
    });
  }
}

export async function imported(
  path: string,
  from: Tool = 'codex',
  policy?: string,
): Promise<Imported & { report: ImportReport }> {
  const all = new Imported();
  const report = await all.add(path, from, policy);
  return Object.assign(all, { report });
}

/** The id of an imported event. */
export const idOf = ({ type, data }: HoldfastEvent): string =>
  data.imported === undefined
    ? `${type} of the import`
    : `${data.imported.file}/${data.imported.offset}/${data.imported.part} ${type}`;

export const byLine = (events: readonly HoldfastEvent[]): HoldfastEvent[] =>
  events.filter(({ data }) => data.imported !== undefined);

export const shared = '/work/shared/rollouts';
