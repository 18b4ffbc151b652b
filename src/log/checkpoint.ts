/**
 * The checkpoint record: up to here the index is stored and small frames are merged, so opening starts here. It is
 * written in one atomic LevelDB batch with what it speaks of.
 */
import { hexOf, type Seal, sealBytes, sealOf, sha256 } from './chain.ts';
import { newer } from './damage.ts';
import type { Store } from './store.ts';

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
