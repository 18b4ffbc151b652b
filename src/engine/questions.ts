/**
 * Open questions are put to the person at the client of their tree, where the client can ask one (elicitation): every
 * other way to answer stays open meanwhile. Nothing of it outlives a connection; the question and its answer are facts.
 */
import type { Approval } from '../../projections/approval.ts';
import { openApprovals } from '../../projections/approvals.ts';
import type { State } from '../../projections/state.ts';
import type { ApprovalAnswer } from '../decide/command.ts';
import type { LogReader } from '../log/port.ts';
import type { Engine } from './engine.ts';
import { letGo } from './letGo.ts';
import type { Peers } from './peers.ts';
import { wholeText } from './wholeTexts.ts';

export interface QuestionParts {
  readonly engine: Engine;
  readonly log: LogReader;
  readonly peers: Peers;
  /** Whoever waits for the result of the call that is asked about waits for nothing that comes soon. */
  readonly putOff: (asked: Approval) => void;
}

interface Put {
  readonly connectionId: string;
  readonly controller: AbortController;
}

export class Questions {
  readonly #parts: QuestionParts;
  /** By the id of the approval; one that a person has put aside stays, so that it is not put again on this connection. */
  readonly #put = new Map<string, Put>();
  #stopped = false;

  constructor(parts: QuestionParts) {
    this.#parts = parts;
  }

  /** Puts what is new, and takes back what nobody has to answer any more. */
  look(): void {
    if (this.#stopped) return;
    const { state } = this.#parts.engine;
    const open = state.approvals?.open ?? {};
    for (const [approvalId, { connectionId, controller }] of this.#put) {
      const asked = open[approvalId];
      if (asked !== undefined && clientOf(state, asked) === connectionId) continue;
      this.#put.delete(approvalId);
      controller.abort(letGo);
    }
    for (const asked of openApprovals(state)) {
      const connectionId = clientOf(state, asked);
      if (connectionId === undefined || this.#put.has(asked.approvalId)) continue;
      const put = { connectionId, controller: new AbortController() };
      this.#put.set(asked.approvalId, put);
      if (this.#parts.peers.elicits(connectionId)) void this.#ask(asked, put);
      else this.#parts.putOff(asked);
    }
  }

  stop(): void {
    for (const { controller } of this.#put.values()) controller.abort(letGo);
    this.#put.clear();
    this.#stopped = true;
  }

  async #ask(asked: Approval, { connectionId, controller }: Put): Promise<void> {
    const { engine, log, peers, putOff } = this.#parts;
    const { approvalId, agentId } = asked;
    const { rootId } = engine.state.agents[agentId]!;
    const { signal } = controller;
    try {
      const message = messageOf(engine.state, asked, await wholeText(log, asked.what));
      // Another question may have given the occasion: this one, or its client, may not be durable yet.
      await engine.read(() => undefined);
      signal.throwIfAborted();
      const said = await peers.ask(rootId, 'elicitation/create', { message, requestedSchema: schemaOf(asked) }, signal);
      const answer = answerIn(said);
      const through = engine.state.agents[rootId]!.client?.software ?? connectionId;
      if (answer === undefined || (answer.answer === 'always' && asked.always === undefined)) putOff(asked);
      else await engine.submit({ do: 'answerApproval', approvalId, through, ...answer }, { by: 'operator' });
    } catch {
      // Whoever cannot be asked leaves the question to others.
      if (!signal.aborted) putOff(asked);
    }
  }
}

const clientOf = ({ agents }: State, { agentId }: Approval): string | undefined =>
  agents[agents[agentId]!.rootId]!.client?.connectionId;

function messageOf({ agents }: State, { agentId, approvalId, why, justification }: Approval, what: string): string {
  const said = justification === undefined ? '' : `\n"${justification}"`;
  return `${agents[agentId]!.path} asks to run (approval ${approvalId}):\n\n${what}\n\n${why}${said}`;
}

function schemaOf({ always }: Approval) {
  const forGood = always === undefined ? '' : `; always: from now on also ${always.join(', ')}`;
  return {
    type: 'object',
    properties: {
      answer: {
        type: 'string',
        title: 'May it run?',
        description: `allow: once${forGood}`,
        enum: ['allow', 'deny', ...(always === undefined ? [] : ['always'])],
      },
      reason: { type: 'string', title: 'Reason', description: 'what the agent is told when it may not' },
    },
    required: ['answer'],
  };
}

/** Undefined: put aside. A plain no is one, too. */
function answerIn(said: unknown): { readonly answer: ApprovalAnswer; readonly reason?: string } | undefined {
  const { action, content } = said as { action?: string; content?: { answer?: unknown; reason?: unknown } };
  if (action === 'decline') return { answer: 'deny' };
  const { answer, reason } = content ?? {};
  if (action !== 'accept' || (answer !== 'allow' && answer !== 'deny' && answer !== 'always')) return undefined;
  return { answer, ...(typeof reason === 'string' && reason !== '' && { reason }) };
}
