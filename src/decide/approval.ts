/**
 * Approvals: a call that a person has to decide about stays open and is carried out from the answer on, on the state as it
 * is then. Question and call are one batch, and so are answer and request of the process (AP1, AP2).
 */
import { ApprovalAnswered, ApprovalAsked } from '../../events/approval.ts';
import type { Approval } from '../../projections/approval.ts';
import { callAskedOf, openApprovals } from '../../projections/approvals.ts';
import { type CallRef, callerOf } from '../../projections/calls.ts';
import type { Agent, State } from '../../projections/state.ts';
import { type Deed, judge, strictest } from './approvals/judge.ts';
import { policiesOf } from './approvals/policy.ts';
import { endOf } from './callEnd.ts';
import type { CommandOf } from './command.ts';
import { type Context, type Decision, decided, refused } from './decision.ts';
import { toolTable } from './tools/table.ts';
import type { Effect, Tool } from './tools/tool.ts';

const forbidden = (tool: string, why: string): Effect => ({
  end: {
    outcome: 'refused',
    output: {
      text: `${tool} failed: ${why}. The command was not run. Find another way, or say what you need it for; do not try to get around this.`,
      fields: { code: 'HOLDFAST_COMMAND_FORBIDDEN' },
    },
  },
});

/** A call that could be carried out, as the policies of its agent have it: carried out, refused, or asked about. */
export function judged(state: State, agent: Agent, tool: Tool, deed: Deed, call: CallRef, carriedOut: Effect): Effect {
  const judgement = strictest(policiesOf(state, agent).map((policy) => judge(policy, deed)));
  if (judgement.is === 'free') return carriedOut;
  if (judgement.is === 'refused') return forbidden(tool.name, judgement.why);
  const { why, always } = judgement;
  return {
    facts: [
      ApprovalAsked({
        ...call,
        agentId: agent.agentId,
        approvalId: String(state.approvals?.next ?? 1),
        tool: tool.name,
        what: deed.what,
        why,
        ...(deed.justification !== undefined && { justification: deed.justification }),
        ...(always !== undefined && { always: [...always] }),
      }),
    ],
  };
}

function notOpen(state: State, approvalId: string) {
  const open = openApprovals(state).map((approval) => approval.approvalId);
  return refused(
    'HOLDFAST_APPROVAL_NOT_OPEN',
    `approval ${approvalId} is not open: it was answered, its call has ended, or there never was one`,
    open.length === 0 ? 'no approval is open' : `open are: ${open.join(', ')} (\`holdfast show approvals\`)`,
    { details: { approvalId, open } },
  );
}

export function answerApproval(state: State, ctx: Context, command: CommandOf<'answerApproval'>): Decision {
  const { approvalId, answer, reason, through } = command;
  const open = state.approvals?.open ?? {};
  const asked = Object.hasOwn(open, approvalId) ? open[approvalId] : undefined;
  if (asked === undefined) return notOpen(state, approvalId);
  const { always } = asked;
  if (answer === 'always' && always === undefined) {
    const message = `approval ${approvalId} cannot be given for good: no pattern says exactly what that would allow`;
    return refused('HOLDFAST_APPROVAL_ONCE_ONLY', message, 'answer allow or deny', { details: { approvalId } });
  }
  const call = callAskedOf(asked);
  const caller = callerOf(state, call)!;
  const { facts = [], end, started }: Effect = answer === 'deny' ? denial(reason) : carriedOut(state, ctx, asked);
  const answered = ApprovalAnswered({
    ...call,
    agentId: asked.agentId,
    approvalId,
    answeredBy: through === undefined ? ctx.by : `${ctx.by} through ${through}`,
    answer,
    ...(reason !== undefined && { reason }),
    ...(answer === 'always' && { always: [...always!] }),
    ...(started?.processId !== undefined && end === undefined && { processId: started.processId }),
  });
  const ends = end === undefined ? [] : [endOf(caller, asked.callId, end)];
  const { path } = state.agents[asked.agentId]!;
  return decided([answered, ...facts, ...ends], {
    approvalId,
    path,
    answer,
    what: asked.what,
    ...(answer === 'always' && { always }),
  });
}

/** What the call does now: limits and sessions may have changed while it waited. */
function carriedOut(state: State, ctx: Context, asked: Approval): Effect {
  const { args } = callerOf(state, callAskedOf(asked))!.calls[asked.callId]!;
  const agent = state.agents[asked.agentId]!;
  return toolTable[asked.tool]!.decide(
    state,
    { ...ctx, by: `agent:${asked.agentId}` },
    agent,
    args,
    callAskedOf(asked),
  );
}

const denial = (reason: string | undefined): Effect => ({
  end: {
    outcome: 'refused',
    output: {
      text: `A person has refused this command${reason === undefined ? '.' : `: ${reason}`} It was not run. Do not try to get around this.`,
      fields: { code: 'HOLDFAST_COMMAND_REFUSED', ...(reason !== undefined && { reason }) },
    },
  },
});
