/**
 * The contract of the log port: call it with a world that opens the log of an adapter, inside a test file of the
 * adapter, with the runner of that file. It proves LO1, LO2, LO5, LO6 and what reading promises.
 */
import { hash } from 'node:crypto';
import { hashedLine } from '../log/canonical.ts';
import { batchHash } from '../log/chain.ts';
import type { Log } from '../log/port.ts';
import { Author, all, everything, fleetId, touches, work } from './material.ts';
import type { Runner } from './runner.ts';

export interface LogWorld {
  /** Opens the one log of this world; again after a close: the same log. Indexes by `touches` of `material.ts`. */
  open(): Promise<Log>;
  /** How often the disk was synced for events so far; undefined when the adapter cannot tell. */
  syncs?(): number;
  /** From now on the disk of the open log takes no writes. */
  breakDisk(): Promise<void>;
}

const code = (error: unknown): unknown => (error as { code?: unknown }).code;

async function refusal(attempt: () => Promise<unknown>): Promise<unknown> {
  try {
    await attempt();
  } catch (error) {
    return code(error);
  }
  return undefined;
}

export function logContract(name: string, newWorld: () => Promise<LogWorld>, { describe, test, expect }: Runner): void {
  describe(`the log contract of ${name}`, () => {
    const opened = async (): Promise<{ world: LogWorld; log: Log; author: Author }> => {
      const world = await newWorld();
      const log = await world.open();
      const author = new Author();
      await log.append(author.opening());
      return { world, log, author };
    };

    test('[LO9] a new log is empty: position 0, no fleet, nothing to read', async () => {
      const log = await (await newWorld()).open();
      expect(log.head()).toMatchObject({ position: 0, epoch: 0, hash: hash('sha256', 'holdfast/1/', 'hex') });
      expect(log.synced()).toEqual(log.head());
      expect(log.fleetId).toBeUndefined();
      expect(await everything(log)).toEqual([]);
      await log.close();
    });

    test('[LO1] a batch is there as a whole when its append resolves, in the order and with the data it was given', async () => {
      const { log, author } = await opened();
      const batch = author.batch([
        { stream: 'turn/1', data: { text: 'ünï 🙂', n: -1.5, list: [1, null, { deep: true }] } },
        { stream: 'turn/1', data: {} },
        { stream: 'agent/a', data: { agentId: 'a', zero: 0, big: 2 ** 60 } },
      ]);
      await log.append(batch);
      expect((await everything(log)).slice(1)).toEqual(batch.events);
      expect(log.synced()).toMatchObject({ position: 4, epoch: 1, at: author.at });
      expect(log.fleetId).toBe(fleetId);
      await log.close();
    });

    test('[I1] the hash of each batch follows from the one before it and from the canonical bytes of its events', async () => {
      const { log, author } = await opened();
      for (const batch of work(author, 40)) void log.append(batch);
      await log.flush();
      let last = hash('sha256', `holdfast/1/${fleetId}`, 'hex');
      let batch: Parameters<typeof batchHash>[1][number][] = [];
      for (const { hash: given, ...event } of await all(log.readHashed())) {
        batch.push(event);
        expect(given === undefined).toBe(event.index + 1 < event.of);
        if (given === undefined) continue;
        last = batchHash(last, batch);
        batch = [];
        expect(given).toBe(last);
      }
      expect(log.head().hash).toBe(last);
      await log.close();
    });

    test('[LO2] a stale head or an older epoch is refused with HOLDFAST_LOG_FENCED, and nothing is written', async () => {
      const { log, author } = await opened();
      const stale = author.batch([{ stream: 'turn/1' }]);
      await log.append(stale);
      expect(await refusal(async () => log.append(stale))).toBe('HOLDFAST_LOG_FENCED');
      author.epoch = 2;
      await log.append(author.batch([{ stream: 'turn/1' }]));
      author.epoch = 1;
      const before = log.head();
      expect(await refusal(async () => log.append(author.batch([{ stream: 'turn/1' }])))).toBe('HOLDFAST_LOG_FENCED');
      await log.flush();
      expect(log.head()).toEqual(before);
      expect(await everything(log)).toHaveLength(3);
      await log.close();
    });

    test('[LO1] head() is ahead of synced() until the sync, and a read shows synced events only', async () => {
      const { log, author } = await opened();
      const pending = log.append(author.batch([{ stream: 'turn/1' }]));
      expect(log.head().position).toBe(2);
      expect(log.synced().position).toBe(1);
      expect(await everything(log)).toHaveLength(1);
      await pending;
      expect(log.synced()).toEqual(log.head());
      expect(await everything(log)).toHaveLength(2);
      await log.close();
    });

    test('[LO1] batches that wait share one sync, and resolve in order', async () => {
      const { world, log, author } = await opened();
      const before = world.syncs?.() ?? 0;
      const order: number[] = [];
      const waiting = [...work(author, 100)].map((batch, i) => log.append(batch).then(() => order.push(i)));
      await Promise.all(waiting);
      expect(order).toEqual(Array.from({ length: 100 }, (_, i) => i));
      if (world.syncs !== undefined) expect(world.syncs() - before).toBeLessThan(5);
      await log.close();
    });

    test('[LO1] followers see each synced event once, in order, and nothing before it is durable', async () => {
      const { log, author } = await opened();
      const seen: number[] = [];
      const stop = log.follow((events) => {
        for (const { position } of events) {
          expect(position).toBeLessThanOrEqual(log.synced().position);
          seen.push(position);
        }
      });
      for (const batch of work(author, 30)) await log.append(batch);
      expect(seen).toEqual(Array.from({ length: author.position - 1 }, (_, i) => i + 2));
      stop();
      await log.append(author.batch([{ stream: 'turn/1' }]));
      expect(seen).not.toContain(author.position);
      await log.close();
    });

    test('[LO1] any range reads exactly its events', async () => {
      const { log, author } = await opened();
      for (const batch of work(author, 60)) void log.append(batch);
      await log.flush();
      for (const batch of work(author, 5)) await log.append(batch);
      const events = await everything(log);
      expect(events.map(({ position }) => position)).toEqual(Array.from({ length: author.position }, (_, i) => i + 1));
      const end = author.position;
      for (const [from, to] of [
        [1, 1],
        [2, 7],
        [5, 5],
        [end, end],
        [end - 3, end + 9],
        [9, 3],
        [end + 1, end + 2],
        [0, 4],
      ] as const) {
        expect(await all(log.read({ from, to }))).toEqual(
          events.filter(({ position }) => position >= from && position <= to),
        );
      }
      await log.close();
    });

    test('[LO1] one stream and one agent read the same as a filter of everything', async () => {
      const { world, log, author } = await opened();
      const run = Array.from({ length: 40 }, (_, n) => ({ stream: 'cell/1', data: { agentId: 'a3', n } }));
      for (const batch of work(author, 200)) void log.append(batch);
      void log.append(author.batch(run));
      await log.close();
      const again = await world.open();
      for (const batch of work(author, 50)) await again.append(batch);
      await again.append(author.batch(run));
      const events = await everything(again);
      for (const stream of new Set(events.map((event) => event.stream))) {
        expect(await all(again.readStream(stream))).toEqual(events.filter((event) => event.stream === stream));
      }
      for (const agent of ['a0', 'a3', 'nobody']) {
        const hers = events.filter((event) => touches(event).includes(`agent/${agent}`));
        expect(await all(again.readAgent(agent))).toEqual(hers);
        const from = hers[4]?.position ?? 1;
        const to = hers[9]?.position ?? 1;
        expect(await all(again.readAgent(agent, { from, to }))).toEqual(hers.slice(4, 10));
      }
      await again.close();
    });

    test('[LO1] a log that is opened again has the same head, the same events, and goes on', async () => {
      const { world, log, author } = await opened();
      for (const batch of work(author, 50)) void log.append(batch);
      await log.flush();
      const head = log.head();
      const lines = (await all(log.readHashed())).map(hashedLine);
      await log.close();
      const again = await world.open();
      expect(again.head()).toEqual(head);
      expect(again.synced()).toEqual(head);
      expect(again.fleetId).toBe(fleetId);
      expect((await all(again.readHashed())).map(hashedLine)).toEqual(lines);
      author.epoch = 2;
      await again.append(author.batch([{ stream: 'fleet', type: 'EngineStarted' }]));
      expect(again.head()).toMatchObject({ position: author.position, epoch: 2 });
      await again.close();
    });

    test('[I1] data that is no plain JSON is read back as its canonical bytes say', async () => {
      const { log, author } = await opened();
      const data = {
        b: undefined,
        a: 'half \ud83d',
        list: [undefined, { c: undefined }],
        '10': 1,
        '9': 2,
        ['__proto__']: 3,
        negative: -0,
      };
      const seen: string[] = [];
      log.follow((events) => seen.push(...events.map((event) => hashedLine(event))));
      const batch = author.batch([{ stream: 'turn/1', data: Object.assign(Object.create(null), data) }]);
      await log.append(batch);
      const [event] = await all(log.read({ from: 2 }));
      expect(hashedLine(event!)).toBe(hashedLine(batch.events[0]!));
      expect(seen).toEqual([hashedLine(event!)]);
      await log.close();
    });

    test('[LO1] a batch with data that has no JSON is a defect, and leaves nothing behind', async () => {
      const { log, author } = await opened();
      const pending = log.append(author.batch([{ stream: 'turn/1' }]));
      const before = log.head();
      const bad = author.batch([
        { stream: 'turn/2', data: { half: '\ud800' } },
        { stream: 'turn/2', data: { n: Number.NaN } },
      ]);
      expect(await refusal(async () => log.append(bad))).toBe('HOLDFAST_DEFECT');
      expect(log.head()).toEqual(before);
      await pending;
      author.position = before.position;
      await log.append(author.batch([{ stream: 'turn/1', data: { good: true } }]));
      expect((await everything(log)).map((event) => event.data).at(-1)).toEqual({ good: true });
      await log.close();
    });

    test('[LO1] a blob is readable when the batch that names it is', async () => {
      const { log, author } = await opened();
      const content = Buffer.from('large'.repeat(20_000));
      const sha256 = hash('sha256', content, 'hex');
      await log.append(
        author.batch(
          [{ stream: 'turn/1', data: { text: { blob: sha256, bytes: content.length } } }],
          [{ sha256, content }],
        ),
      );
      expect(Buffer.from(await log.blob(sha256)).equals(content)).toBe(true);
      expect(await refusal(() => log.blob('0'.repeat(64)))).toBe('HOLDFAST_LOG_DAMAGED');
      await log.close();
    });

    test('[LO6] a snapshot is used when its hash is that of the log at its position, and is skipped otherwise', async () => {
      const { log, author } = await opened();
      await log.append(author.batch([{ stream: 'turn/1' }]));
      const { position, hash: here } = log.head();
      const good = {
        stateVersion: 1,
        position,
        hash: here,
        stateHash: 'f'.repeat(64),
        state: { agents: { a: [1, 'ü', null] }, empty: {} },
      };
      await log.putSnapshot(good);
      for (const batch of work(author, 10)) await log.append(batch);
      expect(await log.snapshot(1)).toEqual(good);
      expect(await log.snapshot(2)).toBeUndefined();
      expect(await log.snapshot(1, position - 1)).toBeUndefined();
      await log.putSnapshot({ ...good, position: log.head().position, hash: here });
      expect(await log.snapshot(1)).toEqual(good);
      await log.close();
    });

    test('[LO6] a cache gives back what was put under its name', async () => {
      const { log } = await opened();
      const content = Buffer.from([0, 1, 2, 255]);
      await log.putCache('agent/α..', content);
      expect(Buffer.from((await log.getCache('agent/α..'))!).equals(content)).toBe(true);
      expect(await log.getCache('other')).toBeUndefined();
      await log.close();
    });

    test('[LO5] after a failed write every pending and later append is refused, and what was acknowledged stays', async () => {
      const { world, log, author } = await opened();
      for (const batch of work(author, 10)) await log.append(batch);
      const head = log.synced();
      const seen: number[] = [];
      log.follow((events) => seen.push(...events.map(({ position }) => position)));
      await world.breakDisk();
      const attempts = [...work(author, 3)].map((batch) => refusal(() => log.append(batch)));
      expect(await Promise.all(attempts)).toEqual(attempts.map(() => 'HOLDFAST_LOG_WRITE_FAILED'));
      expect(await refusal(() => log.append(author.batch([{ stream: 'turn/1' }])))).toBe('HOLDFAST_LOG_WRITE_FAILED');
      expect(await refusal(() => log.flush())).toBe('HOLDFAST_LOG_WRITE_FAILED');
      expect(log.synced()).toEqual(head);
      expect(await everything(log)).toHaveLength(head.position);
      expect(seen).toEqual([]);
      await log.close();
      const again = await world.open();
      // What was refused may have reached the disk whole or not at all; what was acknowledged is there.
      expect((await everything(again)).length).toBeGreaterThanOrEqual(head.position);
      await again.close();
    });
  });
}
