/** Models of the world: they answer late or at once, fail, hang, ignore that nobody listens any more, and let go or do not. */
import { Failure } from '../failure.ts';
import { type Model, overflowCode, type Sampled, type Sampling } from '../models/port.ts';
import { mix, Random } from './random.ts';
import { type Known, type ModelTemper, saysOf } from './says.ts';
import type { Schedule } from './schedule.ts';

export interface Temper extends ModelTemper {
  /** Of 100 samplings each. */
  readonly fails: number;
  readonly hangs: number;
  readonly late: number;
  /** Of 100 unloads: those that take their time, and those that never let go. */
  readonly clings: number;
}

/** What models say when they fail. */
export const notTaken = 'the task was not taken (401)';
const tooLong = 'the history is too long';
export const modelErrors = [
  'overloaded',
  'the model is not there',
  notTaken,
  tooLong,
  'what is new since the last answer is alone too long for the model',
] as const;

/** What the models have in common through all lives. */
export interface ModelWorld {
  readonly seed: number;
  readonly schedule: Schedule;
  readonly known: (agentId: string) => Known;
  /** Faults have stopped: every answer is final and comes at once. */
  readonly calm: () => boolean;
  /** Agent → how many of its next answers are that its history is too long. */
  readonly tooLong: Map<string, number>;
  /** Called with each request that reaches a model. */
  readonly asked: (request: Sampling) => void;
}

export class WorldModel implements Model {
  readonly #world: ModelWorld;
  readonly #temper: Temper;
  readonly #life: number;
  /** Agents whose sampling hangs. */
  readonly hanging = new Set<string>();

  constructor(world: ModelWorld, temper: Temper, life: number) {
    this.#world = world;
    this.#temper = temper;
    this.#life = life;
  }

  sample(request: Sampling, signal: AbortSignal): Promise<Sampled> {
    const { seed, schedule, known, calm } = this.#world;
    const { agentId, path, rootName, n } = request;
    this.#world.asked(request);
    // Not the number of the life: what a model would say does not depend on who asks (TU8).
    const r = new Random(mix(seed, rootName, path, n, agentId));
    const manner = calm() ? 'answers' : this.#manner(r);
    if (manner === 'throws') throw new Failure('HOLDFAST_MODEL_FAILED', modelErrors[1], { retryable: false });
    const afterMs = !calm() && r.chance(this.#temper.late) ? r.between(1, 3_000) : 0;
    const deaf = !calm() && r.chance(10);
    return new Promise((resolve, reject) => {
      let cancel = () => {};
      if (!deaf)
        signal.addEventListener('abort', () => {
          cancel();
          this.hanging.delete(agentId);
          reject(signal.reason);
        });
      if (manner === 'hangs') {
        this.hanging.add(agentId);
        return;
      }
      cancel = schedule.add(`an answer for ${path}`, afterMs, this.#life, () => {
        if (this.#isTooLong(agentId)) reject(new Failure(overflowCode, tooLong));
        else if (manner === 'answers') resolve(this.#answer(r, request, known(agentId)));
        else reject(new Failure('HOLDFAST_MODEL_FAILED', modelErrors[0], { retryable: manner === 'fails' }));
      });
    });
  }

  #isTooLong(agentId: string): boolean {
    const { tooLong, calm } = this.#world;
    const times = tooLong.get(agentId) ?? 0;
    if (times === 0 || calm()) return false;
    tooLong.set(agentId, times - 1);
    return true;
  }

  #answer(r: Random, { purpose, n }: Sampling, known: Known): Sampled {
    const items = purpose === 'summary' ? [{ say: 'much was done' }] : this.#says(r, known);
    return r.chance(30) ? { items, usage: { inputTokens: r.below(9_999), outputTokens: n } } : { items };
  }

  #says(r: Random, known: Known): Sampled['items'] {
    if (this.#world.calm()) return [{ say: 'that is all' }];
    return saysOf(r, known, this.#temper);
  }

  #manner(r: Random): 'answers' | 'fails' | 'fails for good' | 'hangs' | 'throws' {
    const { fails, hangs } = this.#temper;
    if (r.chance(hangs)) return 'hangs';
    if (!r.chance(fails)) return 'answers';
    if (r.chance(10)) return 'throws';
    return r.chance(75) ? 'fails' : 'fails for good';
  }

  release(agentId: string): Promise<void> {
    const { seed, schedule } = this.#world;
    const r = new Random(mix(seed, 'release', agentId, schedule.added));
    if (!r.chance(this.#temper.clings)) return Promise.resolve();
    if (r.chance(50)) return new Promise(() => {});
    return new Promise((resolve) => {
      schedule.add('an object that lets go', r.between(0, 6_000), this.#life, resolve);
    });
  }
}
