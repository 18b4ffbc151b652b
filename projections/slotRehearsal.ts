/** Slots under a policy: who would hold one, and what would be refused. One tree does not know of another. */
interface Tree {
  /** A turn or an agent, by the policy. */
  readonly held: Set<string>;
  most: number;
}

export class SlotRehearsal {
  /** In each tree. */
  slots: number;
  readonly #trees = new Map<string, Tree>();

  constructor(slots: number) {
    this.slots = slots;
  }

  #tree(rootId: string): Tree {
    let tree = this.#trees.get(rootId);
    if (tree === undefined) this.#trees.set(rootId, (tree = { held: new Set(), most: 0 }));
    return tree;
  }

  held(rootId: string): number {
    return this.#trees.get(rootId)?.held.size ?? 0;
  }

  /** Most slots held at once in one tree. */
  get most(): number {
    return Math.max(0, ...[...this.#trees.values()].map(({ most }) => most));
  }

  hasRoom(rootId: string): boolean {
    return this.held(rootId) < this.slots;
  }

  /** Above the limit, too: who asks has looked, or need not (a turn that goes on after it was parked). */
  take(rootId: string, holder: string): void {
    const tree = this.#tree(rootId);
    tree.held.add(holder);
    tree.most = Math.max(tree.most, tree.held.size);
  }

  /** Whether it held one. */
  give(rootId: string, holder: string): boolean {
    return this.#tree(rootId).held.delete(holder);
  }
}
