/** What is not of today: LO8, events of unknown types, of newer versions, and of older ones that are upcast on read. */
import * as t from 'io-ts';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { catalogue, definition, eventTypes } from '../../events/catalogue.ts';
import type { Envelope } from '../../events/envelope.ts';
import { aggregate, type FactDef, fact } from '../../events/fact.ts';
import { decoded, foldLog } from '../../src/engine/fold.ts';
import { Life } from '../../src/engine/life.ts';
import { touches } from '../../src/engine/touches.ts';
import { memoryStorage, openMemoryLog } from '../../src/log/memory.ts';
import { living } from './living.ts';

const event = (type: string, v: number, data: unknown = {}): Envelope => ({
  ...{ position: 7, batch: 7, index: 0, of: 1, stream: 'fleet', streamVersion: 3, type, v },
  ...{ at: 1, epoch: 1, by: 'engine', cause: 0, data },
});

/** A type with two older versions: first it had `seconds`, then `ms`, today `delayMs` and a reason. */
const TestPaused = fact(
  'TestPaused',
  aggregate('fleet', () => ''),
  t.type({ delayMs: t.number, reason: t.string }),
  {
    v: 3,
    upcasts: {
      1: ({ seconds }: { seconds: number }) => ({ ms: seconds * 1000 }),
      2: ({ ms }: { ms: number }) => ({ delayMs: ms, reason: 'not recorded' }),
    },
  },
);

const known = catalogue as unknown as Record<string, FactDef<string, unknown>>;

describe('an event', () => {
  beforeEach(() => {
    known.TestPaused = TestPaused as unknown as FactDef<string, unknown>;
  });
  afterEach(() => {
    delete known.TestPaused;
  });

  test('[LO8] of an older version is upcast step by step to the one of today', () => {
    const today = { delayMs: 2000, reason: 'not recorded' };
    expect(decoded(event('TestPaused', 1, { seconds: 2 }))).toMatchObject({ v: 3, data: today, position: 7 });
    expect(decoded(event('TestPaused', 2, { ms: 2000 }))).toMatchObject({ v: 3, data: today });
  });

  test('[LO8] of an older version stays on disk as it was written: upcasting makes a new one', () => {
    const written = event('TestPaused', 1, { seconds: 2 });
    const before = structuredClone(written);
    decoded(written);
    expect(written).toEqual(before);
  });

  test('[LO8] of the version of today is taken as it is', () => {
    const written = event('TestPaused', 3, { delayMs: 1, reason: 'r' });
    expect(decoded(written)).toBe(written);
  });

  test('[LO8] of a newer version is an error that names type, versions and position', () => {
    expect(() => decoded(event('TestPaused', 4))).toThrowError(
      expect.objectContaining({
        code: 'HOLDFAST_EVENT_NEWER',
        message: 'event 7 is TestPaused version 4; this Holdfast knows version 3',
        details: { position: 7, type: 'TestPaused', found: 4, known: 3 },
      }),
    );
  });

  test.each(['SomethingNew', 'constructor', '__proto__', ''])(
    '[LO8] of the unknown type %j is an error that names it',
    (type) => {
      expect(() => decoded(event(type, 1))).toThrowError(
        expect.objectContaining({ code: 'HOLDFAST_EVENT_UNKNOWN', details: { position: 7, type } }),
      );
    },
  );
});

test('[LO8] each type has an upcast from each of its older versions', () => {
  for (const type of eventTypes) {
    const { v, upcasts } = definition(type)!;
    const older = Array.from({ length: v - 1 }, (_, i) => String(i + 1));
    expect([type, Object.keys(upcasts)]).toEqual([type, older]);
  }
});

test('[LO8] a log with something newer in it is not folded and no life begins on it; nothing is written', async () => {
  const f = await living();
  await f.life.stop('for a newer one');
  const storage = memoryStorage();
  const log = openMemoryLog({ touches, storage });
  const { length } = f.events;
  for (const first of f.events.filter((e) => e.index === 0)) {
    const events = f.events.slice(first.position - 1, first.position - 1 + first.of);
    log.append({ expected: first.position - 1, epoch: first.epoch, events });
  }
  const streamVersion = f.events.filter((e) => e.stream === 'fleet').length + 1;
  const own = { position: length + 1, batch: length + 1, streamVersion, at: f.events.at(-1)!.at };
  log.append({ expected: length, epoch: 1, events: [{ ...event('SomethingNew', 1), ...own }] });
  await log.flush();
  await expect(foldLog(log)).rejects.toMatchObject({ code: 'HOLDFAST_EVENT_UNKNOWN' });
  const begin = Life.begin({ log, clock: f.clock } as never);
  await expect(begin).rejects.toMatchObject({ code: 'HOLDFAST_EVENT_UNKNOWN' });
  expect(storage.events).toHaveLength(length + 1);
});
