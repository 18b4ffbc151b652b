/** Proofs that leave the log: one event is in it, a later checkpoint contains an earlier one. Both are checked without the log. */

import { Failure } from '../failure.ts';
import { eventText } from '../log/canonical.ts';
import type { LogReader } from '../log/port.ts';
import { type Checkpoint, readCheckpoint } from './checkpoint.ts';
import {
  consistencyPath,
  hashOfHex,
  hexOfHash,
  inclusionPath,
  isConsistent,
  leafHash,
  rootFromInclusion,
} from './merkle.ts';
import type { Tree } from './tree.ts';

export interface InclusionProof {
  readonly format: 'holdfast-inclusion/1';
  readonly position: number;
  /** The canonical text of the event: the leaf. */
  readonly event: string;
  /** Hex, from the leaf upwards. */
  readonly path: readonly string[];
  /** The signed note. */
  readonly checkpoint: string;
}

export interface ConsistencyProof {
  readonly format: 'holdfast-consistency/1';
  readonly older: string;
  readonly newer: string;
  /** Hex. */
  readonly path: readonly string[];
}

export type Proof = InclusionProof | ConsistencyProof;

/** The log and the checkpoint have parted: one of them was changed. */
export const parted = ({ size }: Checkpoint): Failure =>
  new Failure(
    'HOLDFAST_LOG_NOT_AS_SIGNED',
    `the first ${size} events are not those that the checkpoint was signed over`,
    {
      remedy: 'the log was edited, or it is another one: compare it with a copy that you trust (`holdfast diff`)',
      details: { size },
    },
  );

/** `position` is covered by the checkpoint. Throws HOLDFAST_LOG_NOT_AS_SIGNED when the log is not what was signed. */
export async function proveInclusion(
  log: LogReader,
  tree: Tree,
  position: number,
  checkpoint: Checkpoint,
): Promise<InclusionProof> {
  for await (const [event] of log.read({ from: position, to: position })) {
    const text = eventText(event!);
    const path = await inclusionPath(tree.nodes, position - 1, checkpoint.size);
    if (rootFromInclusion(leafHash(text), position - 1, checkpoint.size, path) !== checkpoint.root)
      throw parted(checkpoint);
    const { note } = checkpoint;
    return { format: 'holdfast-inclusion/1', position, event: text, path: path.map(hexOfHash), checkpoint: note };
  }
  throw parted(checkpoint);
}

export async function proveConsistency(tree: Tree, older: Checkpoint, newer: Checkpoint): Promise<ConsistencyProof> {
  const path = await consistencyPath(tree.nodes, older.size, newer.size);
  if (!isConsistent(older, newer, path)) throw parted((await tree.root(older.size)) === older.root ? newer : older);
  return { format: 'holdfast-consistency/1', older: older.note, newer: newer.note, path: path.map(hexOfHash) };
}

const fails = (why: string): Failure =>
  new Failure('HOLDFAST_BAD_PROOF', `the proof does not hold: ${why}`, {
    remedy: 'take the proof again from the log; if it still fails, the log and the checkpoint have parted',
  });

/** What a proof shows, without the log; throws HOLDFAST_BAD_PROOF or HOLDFAST_BAD_CHECKPOINT. */
export function checkProof(proof: Proof, trusted?: string): Checkpoint {
  if (proof.format === 'holdfast-inclusion/1') {
    const checkpoint = readCheckpoint(proof.checkpoint, trusted);
    const path = proof.path.map(hashOfHex);
    if ((JSON.parse(proof.event) as { position: number }).position !== proof.position)
      throw fails('the event is of another position');
    if (rootFromInclusion(leafHash(proof.event), proof.position - 1, checkpoint.size, path) !== checkpoint.root)
      throw fails(`no event like this is at position ${proof.position} of what was signed`);
    return checkpoint;
  }
  if (proof.format !== 'holdfast-consistency/1') throw fails('this is no proof of a log');
  const [older, newer] = [readCheckpoint(proof.older, trusted), readCheckpoint(proof.newer, trusted)];
  if (older.fleetId !== newer.fleetId || !isConsistent(older, newer, proof.path.map(hashOfHex)))
    throw fails('the newer log does not begin with the older one');
  return newer;
}
