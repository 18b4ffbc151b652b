/** Facts about approvals: a person is asked whether a command of an agent may run, and answers once. */
import * as t from 'io-ts';
import { aggregate, fact, shape, Text } from './fact.ts';
import { AgentId, CallId, TurnId } from './ids.ts';

/** They are part of the life of the agent, whose turn or cell makes the call. */
const agent = aggregate('agent', (d: { agentId: string }) => d.agentId);
/** Counts up from 1 per fleet. */
const ofApproval = { agentId: AgentId, approvalId: t.string, callId: CallId };
const ofCaller = { turnId: TurnId, cellId: t.string };

export const ApprovalAsked = fact(
  'ApprovalAsked',
  agent,
  shape(
    { ...ofApproval, tool: t.string, what: Text, why: t.string },
    /** Patterns that `always` allows for good; absent: it cannot be the answer. */
    { ...ofCaller, justification: t.string, always: t.array(t.string) },
  ),
);

export const ApprovalAnswered = fact(
  'ApprovalAnswered',
  agent,
  shape(
    {
      ...ofApproval,
      answeredBy: t.string,
      answer: t.keyof({ allow: null, deny: null, always: null }, 'ApprovalAnswer'),
    },
    {
      ...ofCaller,
      reason: t.string,
      /** From now on commands of this fleet that begin like this run without a question. */
      always: t.array(t.string),
      /** What the call uses now that it may. */
      processId: t.number,
    },
  ),
);
