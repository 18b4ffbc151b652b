/** Durable commands per second: mail to idle agents through the public library, against a raw file with the same bytes. */
import { join } from 'node:path';
import { type Fleet, openFleet } from '../fleet.ts';
import { eventBytes } from '../log/canonical.ts';
import type { BenchContext } from './bench.ts';
import { openRaw } from './rawAppend.ts';
import { type Figure, figure } from './report.ts';
import { interleaved, rate } from './rounds.ts';

const clientsMany = 64;
const text = 'The build is green again; go on with the next step of the plan and say when it is done.';

async function openIdle(dir: string): Promise<{ fleet: Fleet; targets: string[] }> {
  const roots = Array.from({ length: clientsMany }, (_, i) => ({
    name: `r${i}`,
    prompt: 'wait for orders',
    model: 'script',
  }));
  const fleet = await openFleet({ log: dir, fleet: { models: { script: { kind: 'script' } }, roots } });
  await fleet.whenIdle();
  const targets = await fleet.read((state) => [...state.roots]);
  return { fleet, targets };
}

/** The bytes that one such command leaves in the chain. */
async function recordOf(fleet: Fleet, target: string): Promise<Uint8Array> {
  await fleet.send(target, text);
  const { position } = fleet.log.synced();
  for await (const page of fleet.events({ from: position })) return eventBytes(page.at(-1)!);
  throw new Error('the event that was just written cannot be read');
}

async function sendAll(fleet: Fleet, targets: readonly string[], clients: number, each: number): Promise<void> {
  const client = async (target: string) => {
    for (let i = 0; i < each; i += 1) {
      const result = await fleet.send(target, text);
      if (!result.ok) throw new Error(result.refusal.message);
    }
  };
  await Promise.all(targets.slice(0, clients).map(client));
}

export async function commandFigures({ dir, small, progress }: BenchContext): Promise<Figure[]> {
  progress('durable commands');
  const { fleet, targets } = await openIdle(join(dir, 'commands'));
  const raw = openRaw(join(dir, 'raw'));
  try {
    const record = await recordOf(fleet, targets[0]!);
    // Short rounds and many of them: the disk has moods of seconds.
    const one = small ? 20 : 100;
    const each = small ? 2 : 30;
    const many = clientsMany * each;
    const oneRecords = Array.from({ length: one }, () => record);
    const manyRecords = Array.from({ length: many }, () => record);
    const rounds = small ? 1 : 41;
    const single = await interleaved(rounds, {
      limit: () => rate(one, () => raw.appendEach(oneRecords)),
      ours: () => rate(one, () => sendAll(fleet, targets, 1, one)),
    });
    const crowd = await interleaved(rounds, {
      limit: () => rate(many, () => raw.appendGrouped(manyRecords, clientsMany)),
      ours: () => rate(many, () => sendAll(fleet, targets, clientsMany, each)),
    });
    const bytes = record.length;
    return [
      figure({
        figure: 'commands.1client',
        what: 'fleet.send to an idle agent, one client, each answer awaited',
        value: single.ours,
        unit: 'commands/s',
        limit: single.limit,
        limitIs: 'append + fdatasync of the same bytes',
        reach: { ratioMin: 0.8 },
        peers: 'Restate 1.2 k, DBOS 0.84 k, Emmett 1.9 k steps/s',
        details: { bytes },
      }),
      figure({
        figure: 'commands.64clients',
        what: 'the same with 64 clients at once',
        value: crowd.ours,
        unit: 'commands/s',
        limit: crowd.limit,
        limitIs: 'append + one fdatasync for all that wait',
        reach: { ratioMin: 0.4 },
        peers: 'Restate 6.1 k, DBOS 1.7 k, Emmett on PostgreSQL 4.7 k steps/s',
        details: { bytes },
      }),
    ];
  } finally {
    raw.close();
    await fleet.stop('bench');
  }
}
