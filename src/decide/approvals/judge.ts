/** What becomes of a command: it runs, it is refused, or a person is asked (AP1–AP3). */
import type { Approvals } from '../../../events/fleetFile.ts';
import { readCommandLine } from './commandLine.ts';
import { allows, forbids, patternOf } from './pattern.ts';

/** What a person decides about. */
export interface Deed {
  /** What the shell is given to run or to read. */
  readonly text: string;
  /** How it is put to a person. */
  readonly what: string;
  /** Why the text may not mean what a shell would take it for. */
  readonly unsure?: string;
  /** What the model says about it. */
  readonly justification?: string;
  /** The first words that the model would like to be allowed for good. */
  readonly proposed?: readonly string[];
}

export interface Policy extends Required<Pick<Approvals, 'mode' | 'allow' | 'deny'>> {}

export type Judgement =
  | { readonly is: 'free' }
  | { readonly is: 'refused'; readonly why: string }
  /** `always`: the patterns that would allow it for good; absent: none would. */
  | { readonly is: 'asked'; readonly why: string; readonly always?: readonly string[] };

const free: Judgement = { is: 'free' };

export function judge({ mode, allow, deny }: Policy, deed: Deed): Judgement {
  if (mode === 'auto' && deny.length === 0) return free;
  const { commands, unsure = deed.unsure } = readCommandLine(deed.text);
  const found = deny.map((pattern) => ({ pattern, is: commands.map((command) => forbids(pattern, command)) }));
  const denied = found.find(({ is }) => is.includes('yes'));
  if (denied !== undefined) return { is: 'refused', why: `\`${denied.pattern}\` is forbidden here` };
  const maybe = found.find(({ is }) => is.includes('maybe'));
  const doubt =
    unsure !== undefined
      ? `it cannot be told for sure what it runs (${unsure})`
      : maybe && `it may be what \`${maybe.pattern}\` forbids`;
  const rest = commands.filter((command) => !allow.some((pattern) => allows(pattern, command)));
  if (doubt === undefined && (mode === 'auto' || rest.length === 0)) return free;
  if (mode === 'deny') return { is: 'refused', why: doubt ?? 'only what a pattern allows may run here' };
  if (doubt !== undefined) return { is: 'asked', why: doubt };
  const patterns = rest.map((command) => patternOf(command, deed.proposed));
  const always = patterns.includes(undefined) ? undefined : [...new Set(patterns as string[])];
  const parts = rest.map(
    ({ words }) => words.map(({ text }) => text).join(' ') || 'what it does to variables or files',
  );
  const what = commands.length === 1 ? 'it' : parts.map((part) => `\`${part}\``).join(', ');
  return { is: 'asked', why: `no pattern allows ${what}`, ...(always && { always }) };
}

/** Under several policies the strictest word counts; a pattern for good has to be enough for all of them. */
export function strictest(judgements: readonly Judgement[]): Judgement {
  const refused = judgements.find(({ is }) => is === 'refused');
  if (refused !== undefined) return refused;
  const asked = judgements.filter((j) => j.is === 'asked');
  return asked.find(({ always }) => always === undefined) ?? asked[0] ?? free;
}
