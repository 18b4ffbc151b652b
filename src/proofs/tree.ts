/**
 * The Merkle tree of a log: leaf n is the canonical text of the event at position n + 1. Only the hashes of full runs of
 * 256 events and what is above them are kept (a cache beside the log, 250 bytes for 1 000 events); leaves are read again.
 */
import type { Envelope } from '../../events/envelope.ts';
import { eventText } from '../log/canonical.ts';
import { hashAt } from '../log/hashAt.ts';
import type { Head, LogReader } from '../log/port.ts';
import { type Hash, hashBytes, hashOfHex, leafHash, type Nodes, nodeHash, rootOf } from './merkle.ts';

/** Height of the lowest nodes that are kept: proving one event reads a run of 2^8. */
const runHeight = 8;
const runEvents = 2 ** runHeight;

/** What is kept begins with the chain hash and the position of the last event covered. */
const headerBytes = hashBytes + 8;

/** Name of the cache beside the log. */
export const treeCache = 'merkle';

export class Tree {
  readonly #log: LogReader;
  /** Hashes of full subtrees, by height above the runs. */
  readonly #levels: Hash[][];
  /** Leaf hashes of runs that were read, by number. */
  readonly #leaves = new Map<number, readonly Hash[]>();

  private constructor(log: LogReader, levels: Hash[][]) {
    this.#log = log;
    this.#levels = levels;
  }

  /** `kept`: what `content` gave earlier; it counts only when it is of this log, as the chain hash at its end tells. */
  static async of(log: LogReader, kept?: Uint8Array): Promise<Tree> {
    const bytes = Buffer.from(kept ?? []);
    if (bytes.length < headerBytes) return new Tree(log, [[]]);
    const position = bytes.readDoubleBE(hashBytes);
    const runs = Math.floor(position / runEvents);
    const isOfThis =
      bytes.length === headerBytes + nodesAbove(runs) * hashBytes &&
      (await hashAt(log, position)) === bytes.toString('hex', 0, hashBytes);
    return new Tree(log, isOfThis ? levelsOf(bytes.toString('latin1', headerBytes), runs) : [[]]);
  }

  /** Events in runs that are known. */
  get size(): number {
    return this.#levels[0]!.length * runEvents;
  }

  readonly nodes: Nodes = async (height, index) => {
    if (height >= runHeight) {
      const known = this.#levels[height - runHeight]?.[index];
      if (known !== undefined) return known;
      return nodeHash(await this.nodes(height - 1, index * 2), await this.nodes(height - 1, index * 2 + 1));
    }
    const perRun = 2 ** (runHeight - height);
    const leaves = await this.#run(Math.floor(index / perRun));
    const from = (index % perRun) * 2 ** height;
    return full(leaves.slice(from, from + 2 ** height));
  };

  root(size: number): Promise<Hash> {
    return rootOf(this.nodes, size);
  }

  /** Reads on until all full runs up to `size` are known. `progress` is told the events that are covered. */
  async grow(size: number, progress?: (events: number) => void): Promise<void> {
    const from = this.size + 1;
    const to = Math.floor(size / runEvents) * runEvents;
    if (from > to) return;
    let run: Hash[] = [];
    for await (const page of this.#log.read({ from, to })) {
      for (const event of page) {
        run.push(leafHash(eventText(event)));
        if (run.length < runEvents) continue;
        this.#add(full(run));
        run = [];
      }
      progress?.(this.size);
    }
  }

  /** To be kept, once the tree has grown up to `head`. */
  content(head: Head): Uint8Array {
    const header = Buffer.alloc(headerBytes);
    header.write(hashOfHex(head.hash), 0, 'latin1');
    header.writeDoubleBE(head.position, hashBytes);
    return Buffer.concat([header, Buffer.from(this.#levels.flat().join(''), 'latin1')]);
  }

  #add(run: Hash): void {
    let hash = run;
    for (let level = 0; ; level++) {
      this.#levels[level] ??= [];
      const nodes = this.#levels[level]!;
      nodes.push(hash);
      if (nodes.length % 2 === 1) return;
      hash = nodeHash(nodes[nodes.length - 2]!, hash);
    }
  }

  async #run(number: number): Promise<readonly Hash[]> {
    const known = this.#leaves.get(number);
    if (known !== undefined) return known;
    const events: Envelope[] = [];
    const from = number * runEvents + 1;
    for await (const page of this.#log.read({ from, to: from + runEvents - 1 })) events.push(...page);
    const leaves = events.map((event) => leafHash(eventText(event)));
    this.#leaves.set(number, leaves);
    return leaves;
  }
}

function full(hashes: readonly Hash[]): Hash {
  let level = hashes;
  while (level.length > 1) level = level.flatMap((hash, i) => (i % 2 === 0 ? nodeHash(hash, level[i + 1]!) : []));
  return level[0]!;
}

function levelsOf(nodes: string, runs: number): Hash[][] {
  const levels: Hash[][] = [];
  let at = 0;
  for (let count = runs; count > 0 || levels.length === 0; count = Math.floor(count / 2)) {
    levels.push(Array.from({ length: count }, () => nodes.slice(at, (at += hashBytes))));
  }
  return levels;
}

function nodesAbove(runs: number): number {
  let total = 0;
  for (let count = runs; count > 0; count = Math.floor(count / 2)) total += count;
  return total;
}
