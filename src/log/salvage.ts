/**
 * `salvage`: the sound prefix of a damaged log, in whole batches and with its blobs, becomes a log in a new folder; what can
 * be read behind the damage lies beside it, marked as unproven.
 */
import { statSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import type { Envelope } from '../../events/envelope.ts';
import { Failure } from '../failure.ts';
import { Auditor, type Named } from './audit.ts';
import { isForgottenFailure, readBlob } from './blobs.ts';
import { eventText } from './canonical.ts';
import { hexOf, type Seal } from './chain.ts';
import { isDamage } from './damage.ts';
import { filledAside, isUnused } from './filledAside.ts';
import { folderOf } from './folder.ts';
import type { FrameLog } from './frameLog.ts';
import { walk } from './frames.ts';
import { openLevelLog } from './level.ts';
import { lookAt } from './levelReader.ts';
import type { Look } from './look.ts';
import { checkOpening } from './opening.ts';
import type { Batch, BlobContent, Head } from './port.ts';
import type { Touches } from './postings.ts';
import { unprovenFrom } from './unproven.ts';

export interface Salvaged {
  /** Events copied; 0 when nothing was sound, and then `to` is not made. */
  readonly events: number;
  readonly head: Head | undefined;
  readonly blobs: number;
  /** Events behind the damage that can be read: in `unproven.jsonl` of the copy, no part of its log. */
  readonly unproven: number;
  /** Why it ends where it ends; absent when the log is sound. */
  readonly firstBad?: number;
  readonly what?: string;
}

export async function salvageLog(
  dir: string,
  to: string,
  { touches }: { readonly touches: Touches },
): Promise<Salvaged> {
  const isFolder = statSync(to, { throwIfNoEntry: false })?.isDirectory() ?? true;
  if (!isFolder || !isUnused(to)) {
    throw new Failure('HOLDFAST_SALVAGE_TARGET_NOT_EMPTY', `${to} is ${isFolder ? 'not empty' : 'no folder'}`, {
      remedy: 'name a folder that does not exist yet',
      details: { to },
    });
  }
  return filledAside(to, (folder) => salvageInto(folder, dir, touches));
}

async function salvageInto(to: string, dir: string, touches: Touches): Promise<Salvaged> {
  let copy: FrameLog | undefined;
  let blobs = 0;
  const forgotten = new Set<string>();
  let look: Look | undefined;
  try {
    let damage: Failure | undefined;
    try {
      look = await lookAt(dir, {});
      for await (const { batch, seal } of soundBatches(look, folderOf(dir).blobs, forgotten)) {
        copy ??= await openLevelLog(to, { touches });
        void copy.append(batch);
        blobs += batch.blobs?.length ?? 0;
        // The copy recomputes the chain from what it was given.
        if (copy.head().hash !== hexOf(seal)) throw new Error('the copy has another hash than the original');
        if (batch.expected - copy.synced().position > waitingEventsMax) await copy.flush();
      }
      await checkOpening(look.store, look.head, touches);
    } catch (error) {
      if (!isDamage(error)) throw error;
      damage = error;
    }
    await copy?.flush();
    for (const name of forgotten) await copy?.forget(name);
    const head = copy?.head();
    const { firstBad, what } = (damage?.details ?? {}) as { readonly firstBad?: number; readonly what?: string };
    const events = head?.position ?? 0;
    const unproven =
      damage === undefined || look === undefined || copy === undefined ? 0 : await keepUnproven(look, to, events + 1);
    return { events, head, blobs, unproven, firstBad, what };
  } finally {
    await copy?.close();
    await look?.close();
  }
}

async function keepUnproven(look: Look, to: string, from: number): Promise<number> {
  let count = 0;
  const file = await open(join(to, 'unproven.jsonl'), 'wx', 0o600);
  try {
    for await (const events of unprovenFrom(look.store, from)) {
      await file.write(events.map((event) => `{"unproven":${eventText(event)}}\n`).join(''));
      count += events.length;
    }
    await file.sync();
  } finally {
    await file.close();
  }
  return count;
}

/** Events that may wait for the disk of the copy. */
const waitingEventsMax = 50_000;

async function* soundBatches(
  look: Look,
  blobs: string,
  forgotten: Set<string>,
): AsyncGenerator<{ readonly batch: Batch; readonly seal: Seal }> {
  const auditor = new Auditor(() => []);
  for await (const frames of walk(look.store, { from: 1, to: Number.POSITIVE_INFINITY })) {
    for (const frame of frames) {
      const events = auditor.check(frame);
      let from = 0;
      for (const [i, of] of frame.sizes.entries()) {
        const batch = events.slice(from, from + of);
        from += of;
        yield { batch: await batchOf(batch, auditor.named, blobs, forgotten), seal: auditor.seals[i]! };
      }
    }
  }
}

async function batchOf(
  events: readonly Envelope[],
  named: readonly Named[],
  folder: string,
  forgotten: Set<string>,
): Promise<Batch> {
  const { position, epoch } = events[0]!;
  const end = position + events.length;
  const blobs: BlobContent[] = [];
  for (const { sha256, position: by } of named) {
    if (by < position || by >= end || blobs.some((blob) => blob.sha256 === sha256)) continue;
    const content = await readBlob(folder, sha256, by).catch((error: unknown) => {
      if (isForgottenFailure(error)) return undefined;
      throw error;
    });
    if (content === undefined) forgotten.add(sha256);
    else blobs.push({ sha256, content });
  }
  return { expected: position - 1, epoch, events, blobs };
}
