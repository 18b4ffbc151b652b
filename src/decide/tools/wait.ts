/** `wait_agent`: stays open until mail comes, its time is over, or there is nothing to wait for (MA5). */
import * as t from 'io-ts';
import { closed } from '../../../events/closed.ts';
import { waitLength } from '../wait.ts';
import type { Tool } from './tool.ts';

const WaitArgs = closed(t.partial({ timeout_ms: t.number }), 'wait_agent arguments');
type WaitArgs = t.TypeOf<typeof WaitArgs>;

export const waitAgent: Tool<WaitArgs> = {
  name: 'wait_agent',
  description:
    'Waits for mail from any agent: a message, or the final answer of an agent you spawned. Says who has written, not what; the mail itself follows. Ends early when there is nothing to wait for.',
  args: WaitArgs,
  parameters: {
    timeout_ms:
      'How long to wait at most, in milliseconds. The fleet sets what is usual and what is allowed; the answer says when it was changed.',
  },
  decide: (state, ctx, _caller, args) => ({ started: { until: ctx.at + waitLength(state, args).ms } }),
};
