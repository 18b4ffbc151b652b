/** What a checker says: which invariant or rule is broken, where in the log, and how. */
import { Failure } from '../../failure.ts';

export class Violation extends Error {
  /** `I3`, `SL9`, … */
  readonly broken: string;
  /** Position in the log, 0 when it is not about one event. */
  readonly position: number;

  constructor(broken: string, position: number, text: string) {
    super(`[${broken}] ${position > 0 ? `at event ${position}: ` : ''}${text}`);
    this.name = 'Violation';
    this.broken = broken;
    this.position = position;
  }
}

/** Whatever the engine fails with, unless it is a violation that a port has found. */
export function defect(error: unknown, position: number): Violation {
  if (error instanceof Violation) return error;
  const cause = error instanceof Failure && error.cause instanceof Error ? error.cause : error;
  if (cause instanceof Violation) return cause;
  const violation = new Violation('DEFECT', position, cause instanceof Error ? cause.message : String(cause));
  violation.cause = error;
  return violation;
}

/** Ids of promises that something was held against so far, in this process: a promise that nobody reached proves nothing. */
export const judged = new Set<string>();

export function holds(condition: boolean, broken: string, position: number, text: () => string): asserts condition {
  judged.add(broken);
  if (!condition) throw new Violation(broken, position, text());
}
