/**
 * A signed checkpoint: what a log was at one moment, in a text of six lines that can be kept anywhere. Whoever holds one
 * finds every later edit, cut and roll-back of what came before it.
 */
import type { KeyObject } from 'node:crypto';
import { Failure } from '../failure.ts';
import type { LogReader } from '../log/port.ts';
import { type Hash, hashBytes } from './merkle.ts';
import { openNote, rawOf, signNote, verifierKey } from './note.ts';
import type { Tree } from './tree.ts';

export interface Checkpoint {
  readonly fleetId: string;
  /** Events covered: positions 1..size, whole batches. */
  readonly size: number;
  readonly root: Hash;
  readonly epoch: number;
  /** Ms since 1970, of the last event. */
  readonly at: number;
  /** Hash of the last batch, hex. */
  readonly chain: string;
  /** Who has signed, for `--key`. */
  readonly verifierKey: string;
  readonly note: string;
}

const nameOf = (fleetId: string): string => `holdfast/${fleetId}`;

const keyPrefix = 'ed25519 ';

/** Signs what is durable in the log now. */
export async function signCheckpoint(log: LogReader, tree: Tree, key: KeyObject): Promise<Checkpoint> {
  const { position: size, hash: chain, at, epoch } = log.synced();
  const fleetId = log.fleetId!;
  const root = await tree.root(size);
  const lines = [
    nameOf(fleetId),
    String(size),
    Buffer.from(root, 'latin1').toString('base64'),
    `epoch ${epoch}`,
    `at ${at}`,
    `chain ${chain}`,
    `${keyPrefix}${rawOf(key).toString('base64')}`,
  ];
  const name = nameOf(fleetId);
  const note = signNote(`${lines.join('\n')}\n`, name, key);
  return { fleetId, size, root, epoch, at, chain, verifierKey: verifierKey(name, rawOf(key)), note };
}

const form =
  /^holdfast\/(?<fleetId>[^\n ]+)\n(?<size>[1-9]\d*)\n(?<root>[\w+/]{43}=)\nepoch (?<epoch>\d+)\nat (?<at>\d+)\nchain (?<chain>[0-9a-f]{64})\ned25519 (?<key>[\w+/]{43}=)\n$/;

/**
 * Reads a checkpoint and checks its signature against the key it names; `trusted`, a verifier key, says which key that
 * must be. Throws HOLDFAST_BAD_CHECKPOINT.
 */
export function readCheckpoint(note: string, trusted?: string): Checkpoint {
  const text = note.slice(0, note.lastIndexOf('\n\n') + 1);
  const said = form.exec(text)?.groups;
  if (said === undefined) {
    throw new Failure('HOLDFAST_BAD_CHECKPOINT', 'this is no checkpoint of a log', {
      remedy: 'give a file that `holdfast checkpoint` or a stop in order has written',
      details: { found: text.slice(0, 200) },
    });
  }
  const raw = Buffer.from(said.key!, 'base64');
  const name = nameOf(said.fleetId!);
  const key = verifierKey(name, raw);
  if (trusted !== undefined && trusted.trim() !== key) {
    throw new Failure('HOLDFAST_BAD_CHECKPOINT', 'the checkpoint was signed by another key than the one you trust', {
      remedy: 'find out who signed it; the key it names is in details',
      details: { expected: trusted.trim(), found: key },
    });
  }
  openNote(note, name, raw);
  const root = Buffer.from(said.root!, 'base64').toString('latin1');
  if (root.length !== hashBytes) throw new Failure('HOLDFAST_BAD_CHECKPOINT', 'the root has not 32 bytes');
  return {
    fleetId: said.fleetId!,
    size: Number(said.size),
    root,
    epoch: Number(said.epoch),
    at: Number(said.at),
    chain: said.chain!,
    verifierKey: key,
    note,
  };
}
