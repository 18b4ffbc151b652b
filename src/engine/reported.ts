/** What a model has answered, or how it has failed, as the engine is told. */
import type { Item } from '../../events/turn.ts';
import type { CommandOf } from '../decide/command.ts';
import { Failure } from '../failure.ts';
import { overflowCode, type Sampled } from '../models/port.ts';

export const nothingToSummarise = (): Failure =>
  new Failure('HOLDFAST_CONTEXT_FULL', 'what is new since the last answer is alone too long for the model', {
    remedy: 'give the agent less at once, or a model with a larger context',
  });

const noSummary = (): Failure =>
  new Failure('HOLDFAST_MODEL_FAILED', 'the model was asked for a summary and said nothing', { retryable: true });

/** What a model has answered, as the engine is told. */
export function reported({ items, usage }: Sampled, summary: boolean): Unnamed {
  const used = usage === undefined ? {} : { usage };
  if (!summary) return { do: 'sampled', items: items as readonly Item[], ...used };
  const said = items.flatMap((item) => ('say' in item && item.say.trim() !== '' ? [item.say] : [])).join('\n\n');
  if (said === '') throw noSummary();
  return { do: 'compacted', summary: said, ...used };
}

type Unnamed = Unnumbered<'sampled'> | Unnumbered<'compacted'>;
type Unnumbered<D extends 'sampled' | 'compacted'> = Omit<CommandOf<D>, 'turnId' | 'n'>;

/** What can be done about a failure: that of somebody else's model may be over the next time. */
export function manner(error: unknown): Pick<CommandOf<'samplingFailed'>, 'retryable' | 'overflow' | 'retryAfterMs'> {
  if (!(error instanceof Failure)) return { retryable: true };
  const { retryAfterMs } = error.details;
  return {
    retryable: error.retryable,
    ...(error.code === overflowCode && { overflow: true }),
    ...(typeof retryAfterMs === 'number' && { retryAfterMs }),
  };
}
