/** Recorded histories are folded for ever: the same log gives the same state hash on every machine and version (LO6, I13). */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import type { HoldfastEvent } from '../../events/catalogue.ts';
import type { Hashed } from '../../events/envelope.ts';
import { defaultLimits } from '../../events/limits.ts';
import { apply } from '../../projections/apply.ts';
import { foldPage } from '../../projections/pages.ts';
import { emptyState, type State, stateVersion } from '../../projections/state.ts';
import { decoded, foldLog, stateHash } from '../../src/engine/fold.ts';
import { touches } from '../../src/engine/touches.ts';
import { hashedLine } from '../../src/log/canonical.ts';
import { memoryStorage, openMemoryLog } from '../../src/log/memory.ts';
import type { Log } from '../../src/log/port.ts';
import { story } from './story.ts';

const here = new URL('../../fixtures/golden/', import.meta.url);
const file = (name: string) => new URL(name, here);

/** State version → position → hash. */
type Hashes = Record<string, Record<string, string>>;

async function logOf(events: readonly HoldfastEvent[]): Promise<Log> {
  const log = openMemoryLog({ touches, storage: memoryStorage() });
  for (const first of events.filter((e) => e.index === 0)) {
    const batch = events.slice(first.position - 1, first.position - 1 + first.of);
    log.append({ expected: first.position - 1, epoch: first.epoch, events: batch });
  }
  await log.flush();
  return log;
}

async function lines(log: Log): Promise<string[]> {
  const found: string[] = [];
  for await (const page of log.readHashed()) for (const event of page) found.push(hashedLine(event));
  return found;
}

const fold = (state: State, events: readonly HoldfastEvent[]): State => {
  for (const event of events) apply(state, event);
  return state;
};

/** Writes what is missing and never touches what is there: see the README of the folder. */
async function record(): Promise<void> {
  if (!existsSync(file('kernel.jsonl')))
    writeFileSync(file('kernel.jsonl'), `${(await lines(await logOf(story().events))).join('\n')}\n`);
  const known = existsSync(file('kernel.hashes.json'))
    ? (JSON.parse(readFileSync(file('kernel.hashes.json'), 'utf8')) as Hashes)
    : {};
  if (known[stateVersion] !== undefined) return;
  const { events } = await read();
  const ends = events.filter((e) => e.index === e.of - 1).map((e) => e.position);
  const some = [...new Set([ends[0]!, ...ends.filter((_, i) => i % 8 === 7), ends.at(-1)!])];
  const hashes = some.map((at) => [at, stateHash(fold(emptyState(defaultLimits), events.slice(0, at)))]);
  known[stateVersion] = Object.fromEntries(hashes);
  writeFileSync(file('kernel.hashes.json'), `${JSON.stringify(known, null, 2)}\n`);
}

async function read(): Promise<{ text: string[]; events: HoldfastEvent[] }> {
  const text = readFileSync(file('kernel.jsonl'), 'utf8').trimEnd().split('\n');
  const events = text.map((line) => {
    const { hash: _, ...event } = JSON.parse(line) as Hashed;
    return decoded(event);
  });
  return { text, events };
}

if (process.env.HOLDFAST_RECORD !== undefined) await record();
const { text, events } = await read();
const hashes = JSON.parse(readFileSync(file('kernel.hashes.json'), 'utf8')) as Hashes;
const final = stateHash(fold(emptyState(defaultLimits), events));

describe('the recorded history', () => {
  test('[LO6] has hashes for the state version of today', () => {
    expect(Object.keys(hashes)).toContain(String(stateVersion));
  });

  test.each(Object.entries(hashes[stateVersion] ?? {}))(
    '[LO6] folded to %s it has its state hash',
    (position, hash) => {
      expect(stateHash(fold(emptyState(defaultLimits), events.slice(0, Number(position))))).toBe(hash);
    },
  );

  test('[LO1] its bytes and its hash chain are those that were recorded', async () => {
    const raw = text.map((line) => JSON.parse(line) as Hashed).map(({ hash: _, ...event }) => event as HoldfastEvent);
    expect(await lines(await logOf(raw))).toEqual(text);
  });

  test('[LO6] the state hash does not depend on the order in which members came', () => {
    const state = fold(emptyState(defaultLimits), events);
    const turned = JSON.parse(JSON.stringify(state), (_, value) =>
      typeof value === 'object' && value !== null && !Array.isArray(value)
        ? Object.fromEntries(Object.entries(value).reverse())
        : value,
    );
    expect(stateHash(turned)).toBe(final);
  });
});

describe('folding', () => {
  test.each([1, 2, 3, 7, 64, 1000])(
    '[I13] in pages of %d inside immer is folding one by one on plain state',
    (size) => {
      let state = emptyState(defaultLimits);
      for (let at = 0; at < events.length; at += size) {
        state = foldPage(state, events.slice(at, at + size));
        expect(Object.isFrozen(state)).toBe(true);
      }
      expect(stateHash(state)).toBe(final);
      expect(state).toEqual(fold(emptyState(defaultLimits), events));
    },
  );

  test('[I13][LO6] from a snapshot at any batch plus the rest is folding from the start', () => {
    const state = emptyState(defaultLimits);
    for (const event of events) {
      apply(state, event);
      if (event.index !== event.of - 1) continue;
      const snapshot = JSON.parse(JSON.stringify(state)) as State;
      expect(stateHash(fold(snapshot, events.slice(event.position)))).toBe(final);
    }
  });

  test('[I13] changes no event', () => {
    const before = structuredClone(events);
    fold(emptyState(defaultLimits), events);
    foldPage(emptyState(defaultLimits), events);
    expect(events).toEqual(before);
  });

  test('[I13][LO6] of a log uses a snapshot or not, with the same result, up to any position', async () => {
    const log = await logOf(events);
    const at = events.filter((e) => e.index === e.of - 1)[20]!.position;
    for await (const page of log.readHashed({ from: at, to: at })) {
      const state = await foldLog(log, { to: at });
      await log.putSnapshot({ stateVersion, position: at, hash: page[0]!.hash!, stateHash: stateHash(state), state });
    }
    for (const to of [at - 1, at, at + 1, events.length]) {
      const [from, all] = await Promise.all([foldLog(log, { to }), foldLog(log, { to, snapshots: false })]);
      expect(from).toEqual(all);
      expect(all.position).toBe(to);
    }
  });
});
