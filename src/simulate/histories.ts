/** Histories and steps for fast-check: generated from a seed, shrunk by leaving parts out, printed as a list of commands. */
import * as fc from 'fast-check';
import { described } from './describe.ts';
import { type History, historyOf, type Step } from './history.ts';
import { Random } from './random.ts';
import { plainerSteps, simpler } from './shrink.ts';
import { drawStep, drawWeights, type KindName, kindNames, says } from './steps/kinds.ts';

const seedMax = 2 ** 31 - 1;

interface Drawing<A> {
  readonly draw: (seed: number) => A;
  readonly simpler: (value: A) => Iterable<A>;
  /** A counterexample is printed so. */
  readonly print: (value: A) => string;
}

class Drawn<A extends object> extends fc.Arbitrary<A> {
  readonly #of: Drawing<A>;

  constructor(of: Drawing<A>) {
    super();
    this.#of = of;
  }

  #value(value: A): fc.Value<A> {
    const { print } = this.#of;
    const printed = Object.defineProperty({ ...value }, fc.toStringMethod, { value: () => print(value) });
    return new fc.Value(printed, undefined);
  }

  override generate(random: fc.Random): fc.Value<A> {
    return this.#value(this.#of.draw(random.nextInt(1, seedMax)));
  }

  override canShrinkWithoutContext(_value: unknown): _value is A {
    return false;
  }

  override shrink(value: A): fc.Stream<fc.Value<A>> {
    return fc.stream([...this.#of.simpler(value)].map((simple) => this.#value(simple)).values());
  }
}

/** `length`: steps at most. */
export const histories = (length = 30): fc.Arbitrary<History> =>
  new Drawn({ draw: (seed) => historyOf(seed, length), simpler, print: described });

/** One step of the kinds that are named, of all when none is: a list of them is what happens to a fleet. */
export function steps(...kinds: readonly KindName[]): fc.Arbitrary<Step> {
  const draw = (seed: number) => {
    const r = new Random(seed);
    const all = drawWeights(r, new Random(seed));
    const chosen = kinds.length === 0 ? all : { ...none, ...Object.fromEntries(kinds.map((kind) => [kind, 1])) };
    return drawStep(r, chosen);
  };
  return new Drawn<Step>({ draw, simpler: plainerSteps, print: says });
}

const none = Object.fromEntries(kindNames.map((kind) => [kind, 0])) as Readonly<Record<KindName, number>>;
