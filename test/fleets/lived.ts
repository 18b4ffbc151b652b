/** A fleet from fixtures/fleets, run to its end in this process with real commands, and what its log says afterwards. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'vitest';
import type { EventOf, EventType, HoldfastEvent } from '../../events/catalogue.ts';
import type { FleetFile } from '../../events/fleetFile.ts';
import { openFleet } from '../../src/fleet.ts';
import { Accounts } from '../kill/accounts.ts';

export const checkout = fileURLToPath(new URL('../..', import.meta.url));

export const fleetFile = (name: string): FleetFile =>
  JSON.parse(readFileSync(join(checkout, 'fixtures/fleets', `${name}.json`), 'utf8'));

export interface Lived {
  readonly events: readonly HoldfastEvent[];
  readonly accounts: Accounts;
  readonly ms: number;
}

/** Runs it and keeps the books; what is not settled at its end is a failure. */
export async function lived(name: string): Promise<Lived> {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-fleet-'));
  try {
    const begun = performance.now();
    const fleet = await openFleet({ log: join(folder, 'log'), fleet: fleetFile(name), cwd: checkout });
    await fleet.whenIdle();
    const ms = performance.now() - begun;
    const events: HoldfastEvent[] = [];
    for await (const page of fleet.events()) events.push(...(page as readonly HoldfastEvent[]));
    await fleet.stop();
    const accounts = new Accounts().add(events);
    expect(accounts.faults).toEqual([]);
    expect(accounts.finished()).toEqual([]);
    return { events, accounts, ms };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

export const ofType = <T extends EventType>(events: readonly HoldfastEvent[], type: T): EventOf<T>[] =>
  events.filter((event) => event.type === type) as unknown as EventOf<T>[];
