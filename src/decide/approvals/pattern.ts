/**
 * Patterns of commands, as a person writes them: the first words of a command (`git push`), where `*` inside a word stands
 * for anything, and a last word `$` says that nothing may follow. Allowing is strict, forbidding is generous.
 */
import { readCommandLine, type SimpleCommand, type Word } from './commandLine.ts';

export const patternWords = (pattern: string): string[] => pattern.split(/\s+/).filter((word) => word !== '');

function wordFits(pattern: string, text: string): boolean {
  if (!pattern.includes('*')) return pattern === text;
  const [first = '', ...rest] = pattern.split('*');
  if (!text.startsWith(first)) return false;
  let at = first.length;
  const last = rest.pop()!;
  for (const part of rest) {
    const found = text.indexOf(part, at);
    if (found < 0) return false;
    at = found + part.length;
  }
  return text.length - last.length >= at && text.endsWith(last);
}

/** It is exactly such a command: its words are known, no variable is set and no file is written. */
export function allows(pattern: string, { words, assigns, writes }: SimpleCommand): boolean {
  if (assigns || writes) return false;
  const wanted = patternWords(pattern);
  const whole = wanted.at(-1) === '$';
  if (whole) wanted.pop();
  if (whole && words.length !== wanted.length) return false;
  return wanted.length > 0 && wanted.every((word, i) => words[i]?.known === true && wordFits(word, words[i]!.text));
}

/** Programs that run what stands in their arguments, or in a text among them. */
const runners = new Set(
  (
    '. bash builtin busybox chroot command dash doas env eval exec fish flock find ionice ksh nice nohup parallel script ' +
    'setsid sh source ssh stdbuf strace su sudo time timeout trap unshare watch xargs zsh'
  ).split(' '),
);

const programOf = (text: string): string => text.slice(text.lastIndexOf('/') + 1);

export type Forbidden = 'yes' | 'maybe' | 'no';

/** Whether these words begin as the pattern says; where a word is not known, it may. */
function begins(wanted: readonly string[], words: readonly Word[]): Forbidden {
  for (const [i, want] of wanted.entries()) {
    const word = words[i];
    if (want === '$' && i === wanted.length - 1) return word === undefined ? 'yes' : word.known ? 'no' : 'maybe';
    if (word === undefined) return 'no';
    if (!word.known) return 'maybe';
    if (wordFits(want, i === 0 ? programOf(word.text) : word.text) || (i === 0 && wordFits(want, word.text))) continue;
    // `git -C folder push`: what stands between may be an option and its value.
    const later = word.text.startsWith('-') && words.slice(i).some((w) => !w.known || wordFits(want, w.text));
    return later && i > 0 ? 'maybe' : 'no';
  }
  return 'yes';
}

/** Whether the pattern means this command, or one that this command would run. */
export function forbids(pattern: string, { words }: SimpleCommand): Forbidden {
  const wanted = patternWords(pattern);
  const first = words[0];
  if (first === undefined) return 'no';
  const found = [begins(wanted, words)];
  if (first.known && runners.has(programOf(first.text))) {
    for (let i = 1; i < words.length; i += 1) {
      const word = words[i]!;
      found.push(begins(wanted, words.slice(i)));
      if (word.known && /\s/.test(word.text)) {
        const inner = readCommandLine(word.text);
        found.push(inner.unsure === undefined ? 'no' : 'maybe', ...inner.commands.map((c) => forbids(pattern, c)));
      }
    }
  }
  return found.includes('yes') ? 'yes' : found.includes('maybe') ? 'maybe' : 'no';
}

/** Their second word says what they do. */
const ofManyCommands = new Set(
  'apt brew bun bundle cargo composer deno docker dotnet gh git go gradle helm kubectl make mvn npm pip pnpm poetry podman rustup systemctl terraform uv yarn'.split(
    ' ',
  ),
);

/** The pattern that an answer `always` adds for a command; undefined where none says exactly what it would allow. */
export function patternOf({ words, assigns, writes }: SimpleCommand, proposed?: readonly string[]): string | undefined {
  const plain = words.every(({ text, known }) => known && text !== '' && text !== '$' && !/[\s*]/.test(text));
  if (assigns || writes || !plain || words.length === 0) return undefined;
  const texts = words.map(({ text }) => text);
  if (proposed !== undefined && proposed.length > 0 && proposed.every((word, i) => word === texts[i]))
    return proposed.join(' ');
  const [program, what = ''] = texts;
  if (ofManyCommands.has(program!) && /^[a-z][a-z0-9:_-]*$/.test(what)) return `${program} ${what}`;
  return `${texts.join(' ')} $`;
}
