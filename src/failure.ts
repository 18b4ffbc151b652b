/**
 * A failure is trouble from outside that we expect (a full disk, a locked log, a bad file). It has a stable upper-case
 * code, a sentence, and a remedy that a person can follow. Inside, refusals are values (src/decide); defects are assertions.
 */
export interface FailureDetails {
  /** What a person can do about it, one sentence. */
  readonly remedy?: string;
  /** Machine-readable particulars: paths, positions, numbers. */
  readonly details?: Readonly<Record<string, unknown>>;
  readonly cause?: unknown;
  /** Whether the same call may succeed later without anything being mended. */
  readonly retryable?: boolean;
}

export class Failure extends Error {
  readonly code: string;
  readonly remedy: string | undefined;
  readonly details: Readonly<Record<string, unknown>>;
  readonly retryable: boolean;

  constructor(code: string, message: string, more: FailureDetails = {}) {
    super(message, more.cause === undefined ? undefined : { cause: more.cause });
    this.name = 'Failure';
    this.code = code;
    this.remedy = more.remedy;
    this.details = more.details ?? {};
    this.retryable = more.retryable ?? false;
  }
}

/** A refusal, on its way to the person or client who asked: nothing failed, the answer is no. */
export class Refused extends Failure {
  override readonly name = 'Refused';
}

/** Stops the engine when something happened that the design rules out: the log makes a restart cheap. */
export function assert(condition: unknown, what: string): asserts condition {
  if (!condition)
    throw new Failure('HOLDFAST_DEFECT', `defect: ${what}`, {
      remedy: 'report this with the log; `holdfast resume` continues from the last synced batch',
    });
}
