/**
 * The checkpoint record: up to here the index is stored and small frames are merged, so opening starts here. It is
 * written in one atomic LevelDB batch with what it speaks of.
 */
import { hexOf, type Seal, sealBytes, sealOf, sha256 } from './chain.ts';
import { newer } from './damage.ts';
import { frameKey } from './frame.ts';
import { packHistory } from './histories.ts';
import { mergeRun, runsOf, type Span } from './merging.ts';
import { indexKey, packPositions, withCheck } from './postings.ts';
import type { Store } from './store.ts';
import type { Tail } from './tail.ts';

export interface Checkpoint {
  readonly position: number;
  readonly seal: Seal;
  readonly fleetId: string;
}

export const checkpointKey = Buffer.from('c');
const checkpointVersion = 1;

export function encodeCheckpoint({ position, seal, fleetId }: Checkpoint): Buffer {
  const body = JSON.stringify({ version: checkpointVersion, position, hash: hexOf(seal), fleetId });
  return Buffer.concat([Buffer.from(sha256(body), 'latin1'), Buffer.from(body)]);
}

/** The stored checkpoint, `none`, or `bad` when it does not match its checksum. */
export async function readCheckpoint(store: Store): Promise<Checkpoint | 'none' | 'bad'> {
  let bytes: Buffer | undefined;
  try {
    bytes = await store.get(checkpointKey);
  } catch {
    return 'bad';
  }
  if (bytes === undefined) return 'none';
  const body = bytes.toString('utf8', sealBytes);
  if (bytes.toString('latin1', 0, sealBytes) !== sha256(body)) return 'bad';
  const { version, position, hash, fleetId } = JSON.parse(body) as {
    version: number;
    position: number;
    hash: string;
    fleetId: string;
  };
  if (version > checkpointVersion) throw newer('the checkpoint', version, checkpointVersion);
  return { position, seal: sealOf(hash), fleetId };
}

/** Index keys added to a batch before others get their turn. */
const keysPerTurn = 512;

const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** Stores the index of what came since the last checkpoint and merges its small frames, in one atomic batch. */
export async function writeCheckpoint(
  store: Store,
  tail: Tail,
  spans: readonly Span[],
  checkpoint: Checkpoint,
): Promise<void> {
  const batch = store.batch();
  let turn = 0;
  for (const [stream, positions] of tail.index.streams) {
    const key = indexKey('x', stream, positions[0]!);
    batch.put(key, withCheck(key, packPositions(positions)));
    if (++turn % keysPerTurn === 0) await nextTurn();
  }
  for (const [touched, positions] of tail.index.touched) {
    const key = indexKey('h', touched, positions[0]!);
    batch.put(key, withCheck(key, packHistory(tail.history(touched))));
    if (++turn % keysPerTurn === 0) await nextTurn();
  }
  for (const run of runsOf(spans)) {
    const { key, value } = await mergeRun(store, run);
    for (const { first } of run.slice(1)) batch.del(frameKey(first));
    batch.put(key, value);
  }
  batch.put(checkpointKey, encodeCheckpoint(checkpoint));
  await batch.write({ sync: true });
}
