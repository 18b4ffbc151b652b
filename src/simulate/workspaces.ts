/** Worktrees of the world: they lie on the disk through all lives, are found again by their branch, and stay when there is work in them. */
import { Failure } from '../failure.ts';
import type { Workspaces } from '../workspaces/port.ts';
import type { Random } from './random.ts';
import type { Schedule } from './schedule.ts';

export interface WorkspaceTemper {
  /** Of 100 requests: those that take a while, and of those for a new tree the ones that fail. */
  readonly slow: number;
  readonly fails: number;
  /** Of 100 trees: those in which there is work when their agent is closed. */
  readonly works: number;
}

export interface WorkspaceParts {
  readonly temper: WorkspaceTemper;
  readonly schedule: Schedule;
  readonly random: Random;
  /** A request as it leaves the engine: nothing may leave before what it rests on is durable. */
  readonly asked: (what: 'make' | 'release', branch: string) => void;
}

export class WorldWorkspaces {
  /** Branches of the trees that lie on the disk. */
  readonly trees = new Set<string>();
  readonly #parts: WorkspaceParts;
  /** Number of the newest request that was carried out for a branch. */
  readonly #newest = new Map<string, number>();
  #requests = 0;
  #calm = false;

  constructor(parts: WorkspaceParts) {
    this.#parts = parts;
  }

  /** Nothing fails any more. */
  calm(): void {
    this.#calm = true;
  }

  port(life: number): Workspaces {
    return {
      make: ({ branch }) => this.#ask(life, 'make', branch, () => this.#make(branch)),
      release: ({ branch }) => this.#ask(life, 'release', branch, () => this.#release(branch)),
    };
  }

  /**
   * What is done is done, whoever is left to hear of it. The git of a dead engine that is slower than the one of the next
   * comes to nothing: that one has taken its half-made tree away.
   */
  #ask<A>(life: number, what: 'make' | 'release', branch: string, act: () => A): Promise<A> {
    const { schedule, random, temper, asked } = this.#parts;
    asked(what, branch);
    this.#requests += 1;
    const number = this.#requests;
    const afterMs = random.chance(temper.slow) ? random.between(1, 2_000) : 0;
    return new Promise((resolve, reject) => {
      schedule.add(`git ${what}s a worktree`, afterMs, 'outside', () => {
        if ((this.#newest.get(branch) ?? 0) > number) return;
        this.#newest.set(branch, number);
        let tell: () => void;
        try {
          const done = act();
          tell = () => resolve(done);
        } catch (error) {
          tell = () => reject(error);
        }
        schedule.add(`git has answered`, 0, life, tell);
      });
    });
  }

  #make(branch: string) {
    const { random, temper } = this.#parts;
    if (!this.trees.has(branch) && !this.#calm && random.chance(temper.fails))
      throw new Failure('HOLDFAST_GIT_FAILED', 'git worktree add: the disk is full');
    this.trees.add(branch);
    const path = pathOf(branch);
    return { path, base: `commit of ${branch}`, cwd: path };
  }

  #release(branch: string) {
    const { random, temper } = this.#parts;
    if (random.chance(temper.works)) return { outcome: 'kept' as const, why: 'there is work in it' };
    this.trees.delete(branch);
    return { outcome: 'removed' as const, why: 'there is no work in it' };
  }
}

const pathOf = (branch: string): string => `/trees/${branch}`;
