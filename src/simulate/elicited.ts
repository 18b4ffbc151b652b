/** People at clients of the world who are asked: they allow, refuse, put aside, say what makes no sense, answer late, or never. */
import type { ApprovalAnswer } from '../decide/command.ts';
import { closedCode, PeerError } from '../models/peer.ts';
import type { ClientWorld } from './clients.ts';
import { mix, Random } from './random.ts';

/** What somebody does about a question, and how often. */
const manners = { allow: 30, deny: 12, always: 8, decline: 10, cancel: 12, nonsense: 6, fail: 7, never: 15 } as const;
type Manner = keyof typeof manners;

interface Question {
  readonly message: string;
  readonly requestedSchema: { readonly properties: { readonly answer: { readonly enum: readonly string[] } } };
}

/** What counts as a word, if it was offered. */
const words: Partial<Record<Manner, ApprovalAnswer>> = {
  allow: 'allow',
  deny: 'deny',
  always: 'always',
  decline: 'deny',
};

const saidFor: Readonly<Record<Exclude<Manner, 'fail' | 'never'>, object>> = {
  allow: { action: 'accept', content: { answer: 'allow' } },
  deny: { action: 'accept', content: { answer: 'deny', reason: 'not now' } },
  always: { action: 'accept', content: { answer: 'always' } },
  decline: { action: 'decline' },
  cancel: { action: 'cancel' },
  nonsense: { action: 'accept', content: { answer: 'perhaps' } },
};

type Around = Pick<ClientWorld, 'seed' | 'schedule' | 'elicitations'>;

export class Elicited {
  readonly #world: Around;
  readonly #connectionId: string;
  /** What is told that its client is gone, and the question. */
  readonly #open = new Map<(error: PeerError) => void, string>();

  constructor(world: Around, connectionId: string) {
    this.#world = world;
    this.#connectionId = connectionId;
  }

  ask({ message, requestedSchema }: Question, signal: AbortSignal): Promise<unknown> {
    const { seed, schedule, elicitations } = this.#world;
    const approvalId = /\(approval (\d+)\)/.exec(message)?.[1] ?? 'none';
    elicitations.asked(this.#connectionId, approvalId);
    const r = new Random(mix(seed, 'elicited', this.#connectionId, approvalId));
    const manner = r.weighted(manners);
    return new Promise((resolve, reject) => {
      const over = () => {
        this.#open.delete(gone);
        signal.removeEventListener('abort', back);
      };
      const gone = (error: PeerError) => {
        over();
        reject(error);
      };
      const back = () => {
        over();
        reject(signal.reason);
      };
      this.#open.set(gone, approvalId);
      signal.addEventListener('abort', back);
      if (manner === 'never') return;
      schedule.add('the answer of a person', r.chance(50) ? r.below(50) : r.between(50, 20_000), 'outside', () => {
        if (!this.#open.has(gone)) return;
        over();
        const word = words[manner];
        const offered = word !== undefined && requestedSchema.properties.answer.enum.includes(word);
        elicitations.answered(this.#connectionId, approvalId, offered ? word : undefined);
        if (manner === 'fail') reject(new PeerError(-32_603, 'the window could not be opened'));
        else resolve(saidFor[manner]);
      });
    });
  }

  /** The client has gone, and everything that was asked of it. */
  leave(): void {
    for (const gone of [...this.#open.keys()]) gone(new PeerError(closedCode, 'Connection closed'));
  }

  /** The questions that stand here. */
  get standing(): readonly string[] {
    return [...this.#open.values()];
  }

  /** Nobody hears it any more. */
  cut(): void {
    this.#open.clear();
  }
}
