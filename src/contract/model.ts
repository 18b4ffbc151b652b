/**
 * The contract of the model port: call it inside a test file of the model, with the runner of that file. It proves what
 * the engine relies on when a turn is sampled, interrupted (TU2), and unloaded (RE5).
 */
import { Item } from '../../events/turn.ts';
import type { Model, Sampling } from '../models/port.ts';
import type { Runner } from './runner.ts';

export interface ModelWorld {
  readonly model: Model;
  /** A sampling that it answers soon. */
  readonly answered: Sampling;
  /** A sampling whose answer takes longer than 100 ms, or never comes. */
  readonly slow: Sampling;
}

/** TU2: an interrupted turn's model lets go within this time. */
const letGoMs = 100;

export function modelContract(
  name: string,
  newWorld: () => Promise<ModelWorld>,
  { describe, test, expect }: Runner,
): void {
  const reasonOf = (asked: Promise<unknown>): Promise<unknown> =>
    asked.then(
      () => 'it answered',
      (reason) => reason,
    );

  describe(`the model contract of ${name}`, () => {
    test('[TU8] a sampling is answered by a list of items that the log can keep', async () => {
      const { model, answered } = await newWorld();
      const { items } = await model.sample(answered, new AbortController().signal);
      expect(items.filter((item) => !Item.is(item))).toEqual([]);
    });

    test('[TU2] a sampling that is aborted before it is asked rejects with the reason', async () => {
      const { model, answered } = await newWorld();
      const reason = new Error('interrupted');
      expect(await reasonOf(model.sample(answered, AbortSignal.abort(reason)))).toBe(reason);
    });

    test('[TU2] a sampling that is aborted in the middle rejects with the reason, within 100 ms', async () => {
      const { model, slow } = await newWorld();
      const controller = new AbortController();
      const reason = new Error('interrupted');
      const rejected = reasonOf(model.sample(slow, controller.signal));
      controller.abort(reason);
      const start = performance.now();
      expect(await rejected).toBe(reason);
      expect(performance.now() - start).toBeLessThan(letGoMs);
    });

    test('[RE5] an agent that it never saw can be let go, and one that it knows twice', async () => {
      const { model, answered } = await newWorld();
      await model.sample(answered, new AbortController().signal);
      for (const agentId of ['nobody', answered.agentId, answered.agentId]) await model.release?.(agentId);
      const { items } = await model.sample(answered, new AbortController().signal);
      expect(Array.isArray(items)).toBe(true);
    });
  });
}
