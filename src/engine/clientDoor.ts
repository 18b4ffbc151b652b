/** Clients for whoever is outside: each call is answered with its durable end and the mail that goes with it (MC2, MC3). */
import type { HoldfastEvent } from '../../events/catalogue.ts';
import type { Text } from '../../events/fact.ts';
import type { Image, Outcome } from '../../events/turn.ts';
import type { Approval } from '../../projections/approval.ts';
import { fieldsOf } from '../../projections/toolOutput.ts';
import type { CommandOf } from '../decide/command.ts';
import { Failure } from '../failure.ts';
import type { LogReader } from '../log/port.ts';
import type { Peer } from '../models/peer.ts';
import { callEnded } from './clientRecord.ts';
import type { Answer, Engine } from './engine.ts';
import type { Peers } from './peers.ts';
import type { Secrets } from './secrets.ts';
import { wholeImages, wholeText } from './wholeTexts.ts';

export type Joining = Omit<CommandOf<'joinClient'>, 'do'>;

export interface Calling {
  /** Its id, which is nobody else's. */
  readonly call: string;
  readonly tool: string;
  readonly args: unknown;
  readonly again?: boolean;
}

export interface Joined {
  readonly agentId: string;
  readonly name: string;
  readonly path: string;
  /** The root was there before. */
  readonly known: boolean;
}

export interface ClientMail {
  readonly mailId: string;
  /** Path of the sender, `operator`, or `process 1000`. */
  readonly from: string;
  readonly kind: string;
  readonly text: string;
}

export interface CallResult {
  readonly callId: string;
  readonly tool: string;
  readonly outcome: Outcome;
  readonly text: string;
  readonly fields?: Readonly<Record<string, unknown>>;
  readonly images?: readonly Image[];
  /** In order of acceptance. */
  readonly mail: readonly ClientMail[];
  /** Of the event that ended it. */
  readonly position: number;
}

/** A result as the log has it: long texts lie in blobs, secrets have names. */
export type RecordedResult = Omit<CallResult, 'text' | 'mail'> & {
  readonly text: Text;
  readonly mail: readonly (Omit<ClientMail, 'text'> & { readonly text: Text })[];
};

/** As the client reads it. */
export async function readable(log: LogReader, { text, mail, images, ...rest }: RecordedResult): Promise<CallResult> {
  return {
    ...rest,
    ...(images !== undefined && { images: await wholeImages(log, images) }),
    text: await wholeText(log, text),
    mail: await Promise.all(mail.map(async (letter) => ({ ...letter, text: await wholeText(log, letter.text) }))),
  };
}

/** What stands for the result of a call that waits for a person. */
const asked = (callId: string, tool: string, approvalId: string, position: number): RecordedResult => ({
  callId,
  tool,
  outcome: 'ok',
  text: `A person has to allow this first, on the machine where Holdfast runs: \`holdfast answer ${approvalId} allow\` (or deny, or always). Nothing was run so far; \`result\` with this call_id says what became of it.`,
  fields: { approval_id: approvalId, waits_for: 'person' },
  mail: [],
  position,
});

interface Waiting {
  readonly tool: string;
  readonly ended: (result: Promise<CallResult>) => void;
}

export interface ClientParts {
  readonly engine: Engine;
  readonly log: LogReader;
  readonly peers: Peers;
  readonly secrets?: Secrets;
}

const stopping = (callId: string): Failure =>
  new Failure('HOLDFAST_NOT_RUNNING', `the engine stops, and call ${callId} has no end yet`, {
    remedy: 'what it has started goes on with the next start of the fleet; its result can be read then',
    details: { callId },
    retryable: true,
  });

export class ClientDoor {
  readonly #parts: ClientParts;
  /** Calls by their ids, which are ours and never used twice. */
  readonly #waiting = new Map<string, Waiting>();

  constructor(parts: ClientParts) {
    this.#parts = parts;
  }

  /** `peer`: how it is asked; who cannot be asked answers for no agents. */
  join({ sampling, ...joining }: Joining, peer?: Peer): Promise<Answer<Joined>> {
    const { engine, peers } = this.#parts;
    if (peer !== undefined) peers.come(joining.connectionId, peer);
    const answers = peer === undefined || sampling === undefined ? {} : { sampling };
    return engine.submit<Joined>({ do: 'joinClient', ...joining, ...answers });
  }

  leave(connectionId: string, reason: string): Promise<Answer> {
    this.#parts.peers.go(connectionId);
    return this.#parts.engine.submit({ do: 'leaveClient', connectionId, reason });
  }

  cancel(connectionId: string, call: string): Promise<Answer> {
    return this.#parts.engine.submit({ do: 'cancelCall', connectionId, call });
  }

  /**
   * Resolves when the call has ended and that is durable; a refusal says that it was never made. `again`: the engine died
   * before it answered, and what it had done of the call is not done a second time.
   */
  async call(connectionId: string, { call, tool, args, again }: Calling): Promise<Answer<CallResult>> {
    const before = again === true ? await this.#before(connectionId, call, tool) : undefined;
    if (before !== undefined) return { ok: true, answer: before };
    const ended = this.ended(call, tool);
    ended.catch(() => {});
    const made = await this.#parts.engine.submit({ do: 'callTool', connectionId, call, tool, args }).catch((error) => {
      this.#waiting.delete(call);
      throw error;
    });
    if (made.ok) return { ok: true, answer: await ended };
    this.#waiting.delete(call);
    return made;
  }

  /** The end of a call that is open, or is about to be made. */
  ended(call: string, tool: string): Promise<CallResult> {
    return new Promise((ended) => this.#waiting.set(call, { tool, ended }));
  }

  async #before(connectionId: string, call: string, tool: string): Promise<CallResult | undefined> {
    const { log, engine } = this.#parts;
    const agentId = engine.state.clients?.[connectionId];
    if (agentId === undefined) return undefined;
    const { turnId } = engine.state.agents[agentId]!;
    const open = turnId === undefined ? undefined : engine.state.turns[turnId]!.calls[call];
    if (open?.approvalId !== undefined && !this.#parts.peers.elicits(connectionId))
      return this.#durable(asked(call, tool, open.approvalId, open.position));
    if (open !== undefined) return this.ended(call, tool);
    const recorded = await callEnded(log, agentId, call);
    return recorded && this.#readable(recorded);
  }

  observe(batch: readonly HoldfastEvent[]): void {
    if (this.#waiting.size === 0) return;
    for (const { type, data, position } of batch) {
      const waiting = type === 'ToolCallEnded' ? this.#waiting.get(data.callId) : undefined;
      if (type !== 'ToolCallEnded' || waiting === undefined) continue;
      this.#waiting.delete(data.callId);
      const { callId, outcome, output } = data;
      const fields = fieldsOf(output);
      const mail = batch.flatMap((event) =>
        event.type === 'MailConsumed' && event.data.callId === callId ? [this.#letter(event.data.mailId)] : [],
      );
      const { text, images } = output;
      const more = { ...(fields && { fields }), ...(images && { images }) };
      const recorded = { callId, tool: waiting.tool, outcome, text, mail, position, ...more };
      waiting.ended(this.#durable(recorded));
    }
  }

  /** A person has to answer before the call can end, and nobody here can ask one: the client is told so, and reads the end later. */
  putOff({ callId, approvalId, position }: Approval): void {
    const waiting = this.#waiting.get(callId);
    if (waiting === undefined) return;
    this.#waiting.delete(callId);
    waiting.ended(this.#durable(asked(callId, waiting.tool, approvalId, position)));
  }

  /** Nobody is answered any more. */
  stop(): void {
    for (const [callId, { ended }] of this.#waiting) ended(Promise.reject(stopping(callId)));
    this.#waiting.clear();
  }

  #letter(mailId: string) {
    const { from, fromPath, kind, text } = this.#parts.engine.state.mail.letters[mailId]!;
    return { mailId, from: fromPath ?? from, kind, text };
  }

  async #durable(recorded: RecordedResult): Promise<CallResult> {
    // The batch is being appended: what is flushed from the next tick on includes it.
    await Promise.resolve();
    await this.#parts.engine.read(() => undefined);
    return this.#readable(recorded);
  }

  async #readable(recorded: RecordedResult): Promise<CallResult> {
    const result = await readable(this.#parts.log, recorded);
    try {
      return this.#parts.secrets?.revealIn(result) ?? result;
    } catch {
      // Its value is gone: the client is told the name, as the log has it.
      return result;
    }
  }
}
