/**
 * Cold merging: a quiet fleet leaves one record per event, which reads slowly. At a checkpoint neighbours are merged
 * into larger frames of whole batches; the events, their bytes and the chain stay as they are.
 */

import { damaged } from './damage.ts';
import { decodeFrame, encodeFrame, type Frame, frameKey } from './frame.ts';
import type { Store } from './store.ts';

/** A stored frame after the checkpoint, as far as merging needs to know it. */
export interface Span {
  readonly first: number;
  readonly count: number;
  readonly epoch: number;
}

/** Frames of this many events read fast already. */
const smallBelow = 16;
const mergedEventsMax = 256;

/** Runs of neighbours that become one frame each. */
export function runsOf(spans: readonly Span[]): Span[][] {
  const runs: Span[][] = [];
  let run: Span[] = [];
  let events = 0;
  const end = (): void => {
    if (run.length > 1) runs.push(run);
    run = [];
    events = 0;
  };
  for (const span of spans) {
    if (span.count >= smallBelow) {
      end();
      continue;
    }
    if (events + span.count > mergedEventsMax || (run[0] !== undefined && run[0].epoch !== span.epoch)) end();
    run.push(span);
    events += span.count;
  }
  end();
  return runs;
}

export async function mergeRun(
  store: Store,
  run: readonly Span[],
): Promise<{ readonly key: Buffer; readonly value: Buffer }> {
  const keys = run.map(({ first }) => frameKey(first));
  const values = await store.getMany(keys);
  const frames: Frame[] = keys.map((key, i) => {
    const value = values[i];
    if (value === undefined) throw damaged(run[i]!.first, 'a record that was written is gone');
    return decodeFrame(key, value);
  });
  const { first, epoch, prev } = frames[0]!;
  const { seal } = frames[frames.length - 1]!;
  const value = encodeFrame({
    first,
    epoch,
    prev,
    seal,
    sizes: frames.flatMap(({ sizes }) => sizes),
    rows: frames.flatMap(({ rows }) => rows),
  });
  return { key: keys[0]!, value };
}
