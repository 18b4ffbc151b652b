/** Histories for fast-check: generated from a seed, shrunk by leaving parts out, printed as a list of commands. */
import * as fc from 'fast-check';
import { described } from './describe.ts';
import { type History, historyOf } from './history.ts';
import { simpler } from './shrink.ts';

const seedMax = 2 ** 31 - 1;

/** fast-check prints a counterexample as this says. */
const readable = (history: History): History =>
  Object.defineProperty({ ...history }, fc.toStringMethod, { value: () => described(history) });

class Histories extends fc.Arbitrary<History> {
  readonly #length: number;

  constructor(length: number) {
    super();
    this.#length = length;
  }

  override generate(random: fc.Random): fc.Value<History> {
    return new fc.Value(readable(historyOf(random.nextInt(1, seedMax), this.#length)), undefined);
  }

  override canShrinkWithoutContext(_value: unknown): _value is History {
    return false;
  }

  override shrink(history: History): fc.Stream<fc.Value<History>> {
    const values = function* () {
      for (const candidate of simpler(history)) yield new fc.Value(readable(candidate), undefined);
    };
    return fc.stream(values());
  }
}

/** `length`: steps at most. */
export const histories = (length = 30): fc.Arbitrary<History> => new Histories(length);
