/**
 * LIN: commands that overlap are answered as if each had happened at one moment between its asking and its answer. The
 * log has decided the order of all that left a batch, so each answer must be the one that the sequential model gives at
 * some batch of that time, and each batch of an operator belongs to one command.
 */
import type { HoldfastEvent } from '../../../events/catalogue.ts';
import type { Command } from '../../decide/command.ts';
import { canonical } from '../../log/canonical.ts';
import type { Checker } from './checker.ts';
import { type Expected, expected, seen, type Told } from './oneAtATime.ts';
import type { Picture } from './picture.ts';
import { holds } from './violation.ts';

/** A question that may be answered from here on. */
export interface Open {
  /** It is answered. */
  readonly answered: (answer: Told) => void;
}

export interface LinearizabilityChecker extends Checker {
  /** A command is submitted; without an answer it may have happened or not. */
  readonly asked: (picture: Picture, command: Command, key: string | undefined) => Open;
  /** Somebody reads the whole fleet. */
  readonly reading: (picture: Picture) => Open;
  /** At the end: batches that nobody asked for. */
  readonly settled: () => void;
}

interface Batch {
  readonly position: number;
  /** Commands it may be the work of, with what each of them is told. */
  readonly candidates: Map<Question, string>;
  by: Question | undefined;
}

interface Question {
  readonly what: () => string;
  readonly key: string | undefined;
  /** What a sequential fleet would answer now. */
  readonly expected: () => Expected | undefined;
  /** Answers of moments at which it would have left no batch. */
  readonly possible: Set<string>;
  now: Expected | undefined;
}

export function linearizability(): LinearizabilityChecker {
  const open = new Set<Question>();
  /** Answers to keys by the text of the fact that keeps them. */
  const keys = new Map<string, string>();
  let batches: Batch[] = [];
  let position = 0;
  /** False for a log that is looked at by itself: nobody says what was asked. */
  let told = false;

  /** The moment before the next batch. */
  const look = (question: Question): void => {
    const { key } = question;
    question.now = question.expected();
    const kept = key === undefined ? undefined : keys.get(key);
    if (kept !== undefined) question.possible.add(kept).add(reused);
    else if (key === undefined && question.now !== undefined && 'told' in question.now)
      question.possible.add(canonical(question.now.told));
  };

  const claimed = (batch: readonly HoldfastEvent[]): Batch => {
    const candidates = new Map<Question, string>();
    const answer = batch.find(({ type }) => type === 'CommandAnswered');
    const key = answer?.type === 'CommandAnswered' ? answer.data.key : undefined;
    for (const question of open) {
      if (question.key !== key || question.now === undefined) continue;
      const { now } = question;
      const answer = 'of' in now ? now.of(batch) : key === undefined ? undefined : now.told;
      if (answer !== undefined) candidates.set(question, canonical(answer));
    }
    return { position: batch[0]!.position, candidates, by: undefined };
  };

  /** Answers that never came: each unclaimed batch is the work of one of those who still waited. */
  const settle = (): void => {
    const lost = new Set(open);
    for (const batch of batches) {
      if (batch.by !== undefined) continue;
      const by = [...batch.candidates.keys()].find((question) => lost.delete(question));
      holds(by !== undefined, 'LIN', batch.position, () => 'no command of an operator can have left this batch');
    }
    batches = [];
    open.clear();
  };

  const question = (what: Question['what'], key: string | undefined, at: Question['expected']): Open => {
    const asked: Question = { what, key, expected: at, possible: new Set(), now: undefined };
    open.add(asked);
    told = true;
    return {
      answered: (answer) => {
        if (!open.has(asked)) return;
        look(asked);
        open.delete(asked);
        const text = canonical(answer);
        const work = batches.find(({ by, candidates }) => by === undefined && candidates.get(asked) === text);
        if (work !== undefined) work.by = asked;
        const choices = () => [...asked.possible, ...batches.flatMap((b) => b.candidates.get(asked) ?? [])];
        holds(
          work !== undefined || asked.possible.has(text),
          'LIN',
          position,
          () => `${asked.what()} is answered ${text}; one at a time it would be ${choices().join(' or ') || 'another'}`,
        );
      },
    };
  };

  return {
    asked: (picture, command, key) =>
      question(
        () => canonical(command),
        key,
        () => expected(picture, command),
      ),
    reading: (picture) =>
      question(
        () => 'a look at the fleet',
        undefined,
        () => ({ told: seen(picture) }),
      ),
    settled: settle,
    before: (_picture, event) => {
      if (event.type === 'EngineStarted') settle();
      if (event.index === 0) for (const question of open) look(question);
    },
    after: (picture, batch) => {
      ({ position } = picture);
      const [first] = batch;
      if (told && first?.by === 'operator' && first.type !== 'FleetOpened') {
        const work = claimed(batch);
        holds(
          work.candidates.size > 0,
          'LIN',
          work.position,
          () => 'an operator has left this batch, and no command that is open would do so',
        );
        batches.push(work);
      }
      for (const event of batch) if (event.type === 'CommandAnswered') keys.set(event.data.key, keptIn(event.data));
    },
  };
}

const reused = canonical({ code: 'HOLDFAST_KEY_REUSED' });

function keptIn({ answer, refusal }: { readonly answer?: unknown; readonly refusal?: unknown }): string {
  return canonical(refusal === undefined ? answer : toldOf(refusal as Parameters<typeof toldOf>[0]));
}

/** What of a refusal is held against the model: its code, and the id under which the log explains it. */
export const toldOf = ({
  code,
  details,
}: {
  readonly code: string;
  readonly details?: Readonly<Record<string, unknown>>;
}): Told => ({ code, ...(typeof details?.refusalId === 'string' && { refusalId: details.refusalId }) });
