/** `diff`: the first difference of two logs, or what differs between two states of one log. */
import type { HoldfastEvent } from '../../../events/catalogue.ts';
import type { Hashed } from '../../../events/envelope.ts';
import { decoded, foldLog } from '../../engine/fold.ts';
import { Failure } from '../../failure.ts';
import { hashedLine } from '../../log/canonical.ts';
import type { LogReader } from '../../log/port.ts';
import { Evidence } from '../../why/evidence.ts';
import { line } from '../../words/describe.ts';
import { cut, oneLine } from '../../words/line.ts';
import { Names } from '../../words/names.ts';
import { exit } from '../exitCodes.ts';
import { reading, within } from '../opened.ts';
import { acting, examples, type Setting, type Verb, whole } from '../setting.ts';
import { Sameness } from './sameness.ts';

export interface Difference {
  /** JSON path in the state. */
  readonly path: string;
  /** Absent: it was not there. */
  readonly before?: unknown;
  readonly after?: unknown;
}

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null;

/** Leaves that differ; what is on one side only is given as a whole. */
export function* differences(before: unknown, after: unknown, path = '$'): Generator<Difference, void, void> {
  if (Object.is(before, after)) return;
  if (!isRecord(before) || !isRecord(after) || Array.isArray(before) !== Array.isArray(after)) {
    yield { path, ...(before !== undefined && { before }), ...(after !== undefined && { after }) };
    return;
  }
  for (const key of new Set([...Object.keys(before), ...Object.keys(after)])) {
    const step = /^[A-Za-z_]\w*$/.test(key)
      ? `.${key}`
      : Array.isArray(before)
        ? `[${key}]`
        : `[${JSON.stringify(key)}]`;
    yield* differences(
      Object.hasOwn(before, key) ? before[key] : undefined,
      Object.hasOwn(after, key) ? after[key] : undefined,
      path + step,
    );
  }
}

const valueColumnsMax = 100;

const valueText = (value: unknown): string =>
  value === undefined ? '(nothing)' : cut(oneLine(JSON.stringify(value)), valueColumnsMax);

const states = ({ dir, out }: Setting, from: number, to: number): Promise<void> =>
  reading(dir, async (log) => {
    const before = await foldLog(log, { to: within(log, from) });
    const after = await foldLog(log, { to: within(log, to) });
    const found = [...differences(before, after)];
    await out.show(out.format === 'json' ? { from, to, differences: found } : found, () =>
      found.flatMap(({ path, before, after }) => [path, `  - ${valueText(before)}`, `  + ${valueText(after)}`]),
    );
  });

async function* lines(log: LogReader): AsyncGenerator<Hashed, void, void> {
  for await (const page of log.readHashed()) yield* page;
}

/** Position of the first events that differ, with both; undefined when all are the same. */
async function firstDifference(a: LogReader, b: LogReader, exact: boolean) {
  const [left, right] = [lines(a), lines(b)];
  const [ofA, ofB] = [new Sameness(), new Sameness()];
  for (;;) {
    const [one, two] = [await left.next(), await right.next()];
    if (one.done === true && two.done === true) return undefined;
    const [was, is] = [one.done === true ? undefined : one.value, two.done === true ? undefined : two.value];
    if (was !== undefined && is !== undefined) {
      if (exact ? hashedLine(was) === hashedLine(is) : ofA.of(was) === ofB.of(is)) continue;
    }
    return { position: (was ?? is)!.position, ...(was && { a: was }), ...(is && { b: is }) };
  }
}

/** What led to an event, oldest first, the event last. */
async function pastOf(log: LogReader, event: Hashed | undefined): Promise<HoldfastEvent[]> {
  if (event === undefined) return [];
  const evidence = new Evidence(log);
  evidence.add(decoded(event));
  await evidence.causesOf(decoded(event));
  return evidence.inOrder();
}

async function told(log: LogReader, name: string, sign: string, past: readonly HoldfastEvent[]): Promise<string[]> {
  if (past.length === 0) return [`  ${sign} (${name} ends before it)`];
  const names = new Names();
  await names.learn(log, past);
  const list = past.map((event) => line(event, names));
  return [
    `  ${sign} ${list.at(-1)}`,
    ...list
      .slice(0, -1)
      .reverse()
      .map((text) => `      after ${text}`),
  ];
}

const logs = ({ out }: Setting, a: string, b: string, exact: boolean): Promise<number> =>
  reading(a, (one) =>
    reading(b, async (two) => {
      const first = await firstDifference(one, two, exact);
      const events = [one.synced().position, two.synced().position];
      const pasts = first && { a: await pastOf(one, first.a), b: await pastOf(two, first.b) };
      await out.show({ same: first === undefined, events, ...(first && { first, pasts }) }, () =>
        first === undefined
          ? [exact ? `the same ${events[0]} events` : `the same ${events[0]} events, apart from ids and times`]
          : [`first difference at position ${first.position}`],
      );
      if (pasts !== undefined && out.format === 'text') {
        await out.lines([...(await told(one, a, '-', pasts.a)), ...(await told(two, b, '+', pasts.b))]);
      }
      return first === undefined ? exit.done : exit.refused;
    }),
  );

interface Options {
  readonly at?: readonly number[];
  readonly exact?: boolean;
}

export const diffVerb: Verb = (program) => {
  program
    .command('diff')
    .description(
      'first difference of two logs apart from ids and times, with what led to it (exit 1 if there is one), or what differs between two positions of one',
    )
    .argument('[log_a]', 'folder of a log')
    .argument('[log_b]', 'folder of another')
    .option('--at <n>', 'a position; twice', (text: string, before: number[] = []) => [...before, whole(1)(text)])
    .option('--exact', 'two logs: every byte counts, ids and times too')
    .addHelpText('after', examples('diff --at 120 --at 140', 'diff runs/monday runs/tuesday', 'diff --exact a b'))
    .action(
      acting((setting, a: string | undefined, b: string | undefined, { at = [], exact = false }: Options) => {
        const [from, to] = at;
        if (a !== undefined && b !== undefined && at.length === 0) return logs(setting, a, b, exact);
        if (a === undefined && from !== undefined && to !== undefined && at.length === 2)
          return states(setting, from, to);
        throw new Failure('HOLDFAST_USAGE', 'give two logs, or --at twice', {
          remedy: '`holdfast diff --help` shows how',
        });
      }),
    );
};
