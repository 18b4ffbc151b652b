/**
 * `verify`: every record of a log is checked, on a private copy: frames and their links, the event chain, density, HEAD,
 * the checkpoint, the index, snapshots and blobs. It answers where the first bad position is and what is wrong there.
 */

import { join } from 'node:path';
import { Auditor, checkOf, type Sees } from './audit.ts';
import { isForgottenFailure, readBlob } from './blobs.ts';
import { eventText } from './canonical.ts';
import { genesis, sealOf, sha256 } from './chain.ts';
import { readCheckpoint } from './checkpoint.ts';
import { damaged, isDamage } from './damage.ts';
import { folderOf } from './folder.ts';
import { frameAt, walk } from './frames.ts';
import { eventsOf, positionsOf } from './histories.ts';
import { empty, lookAt } from './levelReader.ts';
import type { Look } from './look.ts';
import { checkOpening, sealWithin } from './opening.ts';
import type { Head } from './port.ts';
import { bodyOf, keyOf, type Postings, type Prefix, rangeOf, type Touches, unpackPositions } from './postings.ts';
import { headOf } from './sealed.ts';
import { listSnapshots, readSnapshot } from './snapshots.ts';
import { reasonOf } from './store.ts';

export interface VerifyOptions {
  readonly touches: Touches;
  /** Verify also while an owner writes: what is durable at this moment. */
  readonly whileOwned?: boolean;
  /** The state hash at a position, recomputed from the events; undefined for a stateVersion that is not known here. */
  readonly stateHashAt?: (position: number, stateVersion: number) => Promise<string | undefined>;
  /** Do not compare the copies of events that lie by agent, one by one: they are a cache of what is checked anyway, and take a third of the time. */
  readonly quick?: boolean;
  readonly progress?: (events: number) => void;
  /** Looks on while the events are read, for checks against what is kept elsewhere. */
  readonly sees?: Sees;
}

export interface Verdict {
  readonly ok: boolean;
  /** Events of whole batches before the first bad position. */
  readonly events: number;
  /** Head of these events. */
  readonly head: Head;
  readonly firstBad?: number;
  readonly what?: string;
}

export async function verifyLog(dir: string, options: VerifyOptions): Promise<Verdict> {
  const auditor = new Auditor(options.touches, options.quick !== true, options.sees);
  let look: Look | undefined;
  try {
    look = await lookAt(dir, options);
    await checkAll(dir, look, auditor, options);
    if (auditor.position === 0) throw empty(dir);
    return { ok: true, events: auditor.position, head: headOf(auditor) };
  } catch (error) {
    if (!isDamage(error)) throw error;
    const { firstBad, what } = error.details as { readonly firstBad: number; readonly what: string };
    const head = await headAt(look, auditor, Math.min(auditor.position, firstBad - 1));
    return { ok: false, events: head.position, head, firstBad, what };
  } finally {
    await look?.close();
  }
}

async function headAt(look: Look | undefined, auditor: Auditor, position: number): Promise<Head> {
  if (position === auditor.position) return headOf(auditor);
  if (look === undefined || position === 0) return headOf({ position: 0, seal: genesis(''), at: 0, epoch: 0 });
  // Blobs, snapshots and the index are checked after the events they speak of: the head is that of the batch before.
  const frame = await frameAt(look.store, position);
  let last = frame.first - 1;
  for (const size of frame.sizes) {
    if (last + size > position) break;
    last += size;
  }
  if (last < frame.first) return headAt(look, auditor, last);
  return headOf({
    position: last,
    seal: sealWithin(frame, last),
    at: frame.rows[last - frame.first]![4],
    epoch: frame.epoch,
  });
}

async function checkAll(dir: string, { store, head }: Look, auditor: Auditor, options: VerifyOptions): Promise<void> {
  const folder = folderOf(dir);
  const blobs = new Map<string, number>();
  /** Removed on purpose, it seems: the log must say so. */
  const gone = new Map<string, number>();
  const forgotten = new Set<string>();
  for await (const frames of walk(store, { from: 1, to: Number.POSITIVE_INFINITY })) {
    for (const frame of frames) {
      for (const { type, data } of auditor.check(frame))
        if (type === 'PayloadForgotten') forgotten.add((data as { readonly id: string }).id);
      for (const { sha256, bytes, position } of auditor.named) {
        if (blobs.has(sha256)) continue;
        blobs.set(sha256, position);
        const content = await contentOf(folder.blobs, sha256, position);
        if (content === undefined) gone.set(sha256, position);
        else if (content.length !== bytes)
          throw damaged(position, `the blob ${sha256} has ${content.length} bytes, not ${bytes}`);
      }
    }
    options.progress?.(auditor.position);
  }
  for (const [sha256, position] of gone)
    if (!forgotten.has(sha256))
      throw damaged(position, `the blob ${sha256} is gone, and no event says that it was forgotten`);
  await checkOpening(store, head, options.touches);
  await checkIndex(store, 'x', auditor.index.streams);
  await checkIndex(store, 'h', auditor.index.touched, auditor.checks);
  await checkSnapshots(folder.snapshots, store, auditor.position, options);
}

/** Undefined: it was removed on purpose. */
const contentOf = (folder: string, sha256: string, position: number): Promise<Uint8Array | undefined> =>
  readBlob(folder, sha256, position).catch((error: unknown) => {
    if (isForgottenFailure(error)) return undefined;
    throw error;
  });

/** The stored index must say exactly what the events up to the checkpoint say. */
async function checkIndex(
  store: Look['store'],
  prefix: Prefix,
  expected: Postings,
  checks?: readonly number[],
): Promise<void> {
  const checkpoint = await readCheckpoint(store);
  const upTo = typeof checkpoint === 'string' ? 0 : checkpoint.position;
  /** How many positions were found, by key. */
  const found = new Map<string, number>();
  let key = '';
  let list: readonly number[] = [];
  let at = 0;
  for await (const entries of pagesOf(store, prefix)) {
    for (const [bytes, value] of entries) {
      const name = keyOf(bytes);
      // The records of a key lie together, as a rule.
      if (name !== key) {
        found.set(key, at);
        key = name;
        list = expected.get(key) ?? [];
        at = found.get(key) ?? 0;
      }
      const body = bodyOf(bytes, value);
      if (body === undefined) throw damaged(list[at] ?? 1, `the index of ${key} does not match its check`);
      const positions = prefix === 'x' ? unpackPositions(body) : positionsOf(body);
      if (positions[0]! > upTo) continue;
      for (const position of positions) {
        if (position !== list[at]) {
          throw damaged(Math.min(position, list[at] ?? position), `the index of ${key} differs from the events`);
        }
        at++;
      }
      if (checks === undefined) continue;
      for (const event of eventsOf(body, positions)) {
        if (event !== undefined && checkOf(sha256(eventText(event))) !== checks[event.position - 1]) {
          throw damaged(event.position, `the copy of this event by ${key} is another one`);
        }
      }
    }
  }
  found.set(key, at);
  let firstBad = Number.POSITIVE_INFINITY;
  let which = '';
  for (const [key, list] of expected) {
    const missing = list[found.get(key) ?? 0];
    if (missing !== undefined && missing <= upTo && missing < firstBad) {
      firstBad = missing;
      which = key;
    }
  }
  if (which !== '') throw damaged(firstBad, `the index of ${which} leaves out this position`);
}

async function* pagesOf(store: Look['store'], prefix: Prefix): AsyncGenerator<[Buffer, Buffer][], void, void> {
  const iterator = store.iterator({ ...rangeOf(prefix), highWaterMarkBytes: 2 ** 19 });
  try {
    for (;;) {
      const entries = await iterator.nextv(1000).catch((error: unknown) => {
        throw damaged(1, `the index cannot be read: ${reasonOf(error)}`, error);
      });
      if (entries.length === 0) return;
      yield entries;
    }
  } finally {
    await iterator.close();
  }
}

async function checkSnapshots(
  path: string,
  store: Look['store'],
  end: number,
  { stateHashAt }: VerifyOptions,
): Promise<void> {
  for (const { name, position } of (await listSnapshots(path)).reverse()) {
    const snapshot = await readSnapshot(join(path, name));
    if (snapshot === undefined)
      throw damaged(Math.min(position, end + 1), `the snapshot ${name} does not match its checksum`);
    if (position > end || snapshot.position !== position)
      throw damaged(Math.min(position, end + 1), `the snapshot ${name} is not of this log`);
    if (sealWithin(await frameAt(store, position), position) !== sealOf(snapshot.hash)) {
      throw damaged(position, `the snapshot ${name} has another hash than the log there`);
    }
    const stateHash = await stateHashAt?.(position, snapshot.stateVersion);
    if (stateHash !== undefined && stateHash !== snapshot.stateHash) {
      throw damaged(position, `the snapshot ${name} has another state hash than the events lead to`);
    }
  }
}
