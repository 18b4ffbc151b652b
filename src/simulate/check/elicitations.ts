/** MC10: what people at clients are asked is durable and open, once on each connection, and what they say is what the log says, once. */
import type { HoldfastEvent } from '../../../events/catalogue.ts';
import type { ApprovalAnswer } from '../../decide/command.ts';
import type { Checker } from './checker.ts';
import type { Inspector } from './inspector.ts';
import type { LinearizabilityChecker } from './linearizability.ts';
import type { Picture } from './picture.ts';
import { holds } from './violation.ts';

export class ElicitationChecker implements Checker {
  readonly #picture: Picture;
  readonly #linear: LinearizabilityChecker | undefined;
  readonly #judge: (check: () => void) => void;
  readonly #asked = new Set<string>();
  readonly #putAside = new Set<string>();
  /** Question → what people at clients have said. */
  readonly #said = new Map<string, ApprovalAnswer[]>();
  /** Questions that a person of this life of the engine has answered. */
  readonly #answered = new Set<string>();

  /** `oneAtATime`: answers are held against the sequential model. */
  constructor(inspector: Inspector, judge: (check: () => void) => void, oneAtATime: boolean) {
    this.#picture = inspector.picture;
    this.#linear = oneAtATime ? inspector.linear : undefined;
    this.#judge = judge;
    inspector.also(this);
  }

  asked(connectionId: string, approvalId: string): void {
    this.#judge(() => {
      const { questions, position } = this.#picture;
      const question = questions.open.get(approvalId);
      holds(
        question !== undefined,
        'LO1',
        position,
        () => `a person is asked about ${approvalId}, which is not durable`,
      );
      const { connection } = this.#picture.agent(this.#picture.agent(question.agentId).tree.rootId).client ?? {};
      holds(connection === connectionId, 'MC10', position, () => `question ${approvalId} is put to another client`);
      const key = `${connectionId} ${approvalId}`;
      holds(!this.#asked.has(key), 'MC10', position, () => `question ${approvalId} is put a second time`);
      this.#asked.add(key);
    });
  }

  /** `word`: what the log has to say then; absent: the question is put aside. */
  answered(connectionId: string, approvalId: string, word: ApprovalAnswer | undefined): void {
    this.#judge(() => {
      if (word === undefined) this.#putAside.add(`${connectionId} ${approvalId}`);
      else {
        this.#said.set(approvalId, [...(this.#said.get(approvalId) ?? []), word]);
        this.#answered.add(approvalId);
        // Whoever is asked is never told what became of it.
        this.#linear?.asked(this.#picture, { do: 'answerApproval', approvalId, answer: word }, undefined);
      }
    });
  }

  /** Questions that stand at a client while the engine waits: what was answered or ended elsewhere was taken back. */
  stand(standing: readonly string[]): void {
    const { questions, position } = this.#picture;
    const over = standing.find((approvalId) => !questions.open.has(approvalId));
    holds(over === undefined, 'MC10', position, () => `question ${over} is over, and stands at a client`);
  }

  /** A call is put off: its client is told to ask somebody else. */
  putOff(connectionId: string, approvalId: string): void {
    const { position } = this.#picture;
    const aside = this.#putAside.has(`${connectionId} ${approvalId}`);
    holds(aside, 'MC10', position, () => `question ${approvalId} is put off, and its person has not put it aside`);
  }

  /** The engine has died or stops: what people have said may be lost with it. */
  cut(): void {
    this.#answered.clear();
  }

  /** Nothing is on its way any more. */
  rested(): void {
    const { questions, position } = this.#picture;
    const lost = [...this.#answered].find((approvalId) => questions.open.has(approvalId));
    holds(lost === undefined, 'MC10', position, () => `a person has answered ${lost}, and it is open`);
  }

  readonly before: NonNullable<Checker['before']> = (_picture, event: HoldfastEvent) => {
    if (event.type !== 'ApprovalAnswered' || !event.data.answeredBy.includes(' through ')) return;
    const { approvalId, answer } = event.data;
    const said = this.#said.get(approvalId) ?? [];
    const so = said.includes(answer);
    holds(so, 'MC10', event.position, () => `the log has ${answer} to ${approvalId}, the person said ${said.join()}`);
  };
}
