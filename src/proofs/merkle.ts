/**
 * The Merkle tree of RFC 6962 §2.1 over a sequence of leaves: roots, paths that prove one leaf, paths that prove that a
 * longer sequence begins with a shorter one, and their checks. Pure; where the hashes come from is the caller's affair.
 */
import { hash as digest } from 'node:crypto';

/** 32 bytes of SHA-256 as a latin1 string: compared by value. */
export type Hash = string;

export const hashBytes = 32;

export const hexOfHash = (hash: Hash): string => Buffer.from(hash, 'latin1').toString('hex');
export const hashOfHex = (hex: string): Hash => Buffer.from(hex, 'hex').toString('latin1');

const pair = Buffer.alloc(1 + 2 * hashBytes, 1);

/** SHA-256(0x00 ‖ content), content as UTF-8. */
export const leafHash = (content: string): Hash => digest('sha256', `\0${content}`, 'binary');

/** SHA-256(0x01 ‖ left ‖ right). */
export function nodeHash(left: Hash, right: Hash): Hash {
  pair.write(left, 1, 'latin1');
  pair.write(right, 1 + hashBytes, 'latin1');
  return digest('sha256', pair, 'binary');
}

const ofNothing: Hash = digest('sha256', '', 'binary');

/** Hash of the full subtree number `index` (from 0) of 2^height leaves. */
export type Nodes = (height: number, index: number) => Promise<Hash>;

/** The largest power of two below `n`, as an exponent; n > 1. */
const splitHeight = (n: number): number => Math.ceil(Math.log2(n)) - 1;

/** Root over the leaves from..to, `to` not included; `from` begins a full subtree at least as large as their number. */
async function over(nodes: Nodes, from: number, to: number): Promise<Hash> {
  const count = to - from;
  if (count === 0) return ofNothing;
  const height = Math.log2(count);
  if (Number.isInteger(height)) return nodes(height, from / count);
  const middle = from + 2 ** splitHeight(count);
  return nodeHash(await over(nodes, from, middle), await over(nodes, middle, to));
}

/** MTH(D[size]). */
export const rootOf = (nodes: Nodes, size: number): Promise<Hash> => over(nodes, 0, size);

/** PATH(index, D[size]): from the leaf upwards. `index` from 0, below `size`. */
export async function inclusionPath(nodes: Nodes, index: number, size: number): Promise<Hash[]> {
  const path = async (from: number, to: number): Promise<Hash[]> => {
    if (to - from === 1) return [];
    const middle = from + 2 ** splitHeight(to - from);
    return index < middle
      ? [...(await path(from, middle)), await over(nodes, middle, to)]
      : [...(await path(middle, to)), await over(nodes, from, middle)];
  };
  return path(0, size);
}

/** PROOF(older, D[newer]); 0 < older <= newer. */
export async function consistencyPath(nodes: Nodes, older: number, newer: number): Promise<Hash[]> {
  /** `known`: the verifier has the root of exactly this subtree already. */
  const path = async (from: number, to: number, known: boolean): Promise<Hash[]> => {
    if (older === to) return known ? [] : [await over(nodes, from, to)];
    const middle = from + 2 ** splitHeight(to - from);
    return older <= middle
      ? [...(await path(from, middle, known)), await over(nodes, middle, to)]
      : [...(await path(middle, to, false)), await over(nodes, from, middle)];
  };
  return path(0, newer, true);
}

/** The root that a leaf and its path lead to; undefined when the path has the wrong length. */
export function rootFromInclusion(leaf: Hash, index: number, size: number, path: readonly Hash[]): Hash | undefined {
  if (index < 0 || index >= size) return undefined;
  let root = leaf;
  let [node, last] = [index, size - 1];
  let at = 0;
  for (; last > 0; node = Math.floor(node / 2), last = Math.floor(last / 2)) {
    const isRight = node % 2 === 1;
    // The last node of a level without a partner goes up as it is.
    if (!isRight && node === last) continue;
    const partner = path[at++];
    if (partner === undefined) return undefined;
    root = isRight ? nodeHash(partner, root) : nodeHash(root, partner);
  }
  return at === path.length ? root : undefined;
}

/** Whether a tree of `newer` leaves with root `newRoot` begins with the tree of `older` leaves with root `oldRoot`. */
export function isConsistent(
  older: { readonly size: number; readonly root: Hash },
  newer: { readonly size: number; readonly root: Hash },
  path: readonly Hash[],
): boolean {
  if (older.size <= 0 || older.size > newer.size) return false;
  if (older.size === newer.size) return path.length === 0 && older.root === newer.root;
  let [node, last] = [older.size - 1, newer.size - 1];
  while (node % 2 === 1) [node, last] = [Math.floor(node / 2), Math.floor(last / 2)];
  // A full tree is a node of the newer one: its root is known and not in the path.
  const rest = [...path];
  const first = node === 0 ? older.root : rest.shift();
  if (first === undefined) return false;
  let [was, is] = [first, first];
  for (; last > 0; node = Math.floor(node / 2), last = Math.floor(last / 2)) {
    const isRight = node % 2 === 1;
    if (!isRight && node === last) continue;
    const partner = rest.shift();
    if (partner === undefined) return false;
    if (isRight) was = nodeHash(partner, was);
    is = isRight ? nodeHash(partner, is) : nodeHash(is, partner);
  }
  return rest.length === 0 && was === older.root && is === newer.root;
}

/** The root of a sequence that is seen once, leaf by leaf: only the roots of its full subtrees are kept. */
export class Accumulator {
  size = 0;
  readonly #full: Hash[] = [];

  add(leaf: Hash): void {
    let hash = leaf;
    for (let size = this.size; size % 2 === 1; size = Math.floor(size / 2)) hash = nodeHash(this.#full.pop()!, hash);
    this.#full.push(hash);
    this.size += 1;
  }

  root(): Hash {
    if (this.size === 0) return ofNothing;
    return this.#full.reduceRight((right, left) => nodeHash(left, right));
  }
}
