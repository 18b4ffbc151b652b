/** Many histories, one after the other: what they found, how much they did, and the shortest history for each finding. */
import { Violation } from './check/violation.ts';
import { described } from './describe.ts';
import { type History, historyOf } from './history.ts';
import { runHistory } from './run.ts';
import { shrunk } from './shrink.ts';

/** Every so many histories the costlier checks are made as well. */
const thoroughEvery = 8;
/** Between two looks of the event loop at timers and signals. */
const breathEvery = 16;

export interface Finding {
  readonly history: History;
  readonly violation: Violation;
  /** How many histories found the same. */
  count: number;
}

export interface Exploration {
  runs: number;
  steps: number;
  batches: number;
  events: number;
  crashes: number;
  syncFailures: number;
  /** By what is broken: the first finding of each. */
  readonly findings: Map<string, Finding>;
}

export interface ExploreOptions {
  readonly from: number;
  readonly runs: number;
  /** Steps per history. */
  readonly length?: number;
  readonly onRun?: (exploration: Exploration) => void;
}

export async function explore({ from, runs, length, onRun }: ExploreOptions): Promise<Exploration> {
  const all: Exploration = {
    runs: 0,
    steps: 0,
    batches: 0,
    events: 0,
    crashes: 0,
    syncFailures: 0,
    findings: new Map(),
  };
  for (let seed = from; seed < from + runs; seed += 1) {
    if (seed % breathEvery === 0) await new Promise(setImmediate);
    const history = historyOf(seed, length);
    try {
      const report = await runHistory(history, { thorough: seed % thoroughEvery === 0 });
      for (const key of ['steps', 'batches', 'events', 'crashes', 'syncFailures'] as const) all[key] += report[key];
    } catch (error) {
      const violation = asViolation(error);
      const found = all.findings.get(violation.broken);
      if (found === undefined) all.findings.set(violation.broken, { history, violation, count: 1 });
      else found.count += 1;
    }
    all.runs += 1;
    onRun?.(all);
  }
  return all;
}

export function asViolation(error: unknown): Violation {
  if (error instanceof Violation) return error;
  const violation = new Violation('DEFECT', 0, error instanceof Error ? (error.stack ?? error.message) : String(error));
  violation.cause = error;
  return violation;
}

/** How a history fails; undefined when it does not. */
export async function failureOf(history: History): Promise<Violation | undefined> {
  try {
    await runHistory(history, { thorough: true });
    return undefined;
  } catch (error) {
    return asViolation(error);
  }
}

/** What a person needs to see: the violation, and the shortest list of commands that leads to it. */
export async function explained(history: History, { broken, message }: Violation): Promise<string> {
  const short = await shrunk(history, async (candidate) => (await failureOf(candidate))?.broken === broken);
  const found = await failureOf(short);
  return `${found?.message ?? message}\n${described(short)}`;
}
