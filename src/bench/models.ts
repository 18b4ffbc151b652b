/** Models that tell when they are asked: what a bench waits for. */
import type { Model, Sampled, Sampling } from '../models/port.ts';

export type Answering = (request: Sampling) => Promise<Sampled> | Sampled;

export const answers = (answer: Answering): (() => Model) => {
  const model: Model = { sample: async (request) => answer(request) };
  return () => model;
};

export const silence: Promise<Sampled> = new Promise<Sampled>(() => {});

/** A promise and what resolves it. */
export function whenever<A>(): { readonly promise: Promise<A>; readonly resolve: (value: A) => void } {
  let resolve: (value: A) => void = () => {};
  const promise = new Promise<A>((done) => {
    resolve = done;
  });
  return { promise, resolve };
}
