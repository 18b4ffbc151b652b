/**
 * What a shell would run, read from the text of a command line: every simple command in it, those inside `$( )`, backticks,
 * subshells, pipes and loops too. Of what bash allows it knows the plain part and is sure of that; of anything else
 * (here-documents, functions, `case`, `[[ ]]`, arithmetic, `${x:-y}`, `$'…'`) it says that it is not sure.
 */

/** `known`: it is this text and one word, whatever the shell expands. */
export interface Word {
  readonly text: string;
  readonly known: boolean;
}

export interface SimpleCommand {
  /** The program and its arguments. */
  readonly words: readonly Word[];
  /** It sets variables, which can make another program of the same words. */
  readonly assigns: boolean;
  /** Its output goes to a file. */
  readonly writes: boolean;
}

export interface CommandLine {
  readonly commands: readonly SimpleCommand[];
  /** Why it is not certain that these are all; absent: it is. */
  readonly unsure?: string;
}

/** Levels of `$( )` and subshells; nothing that a person reads at a glance is near it. */
const depthMax = 20;

class Unsure extends Error {}

/** Words after which a command begins, where a command could stand. */
const opening = new Set(['if', 'then', 'elif', 'else', 'while', 'until', 'do', '!', '{']);
/** Words that end what those began. */
const closing = new Set(['fi', 'done', '}']);
const beyond = new Set(['case', 'esac', 'select', 'function', 'coproc', '[[', 'in']);

const assignment = /^[A-Za-z_][A-Za-z0-9_]*\+?=/;
const endsWord = /[ \t\n;&|()<>]/;
const operator = /(?:&>>|&>|<<<|<<|<>|<&|>>|>&|>\||<|>)/y;

class Draft {
  readonly words: Word[] = [];
  assigns = false;
  writes = false;
  /** Nothing but redirections may follow. */
  closed = false;
  /** `for x in …`: no command, only its words may hold some. */
  header = false;

  get begun(): boolean {
    return this.words.length > 0 || this.assigns || this.closed;
  }

  get isEmpty(): boolean {
    return this.header || (this.words.length === 0 && !this.assigns && !this.writes);
  }
}

class Reader {
  readonly commands: SimpleCommand[] = [];
  readonly #text: string;
  readonly #depth: number;
  #at = 0;

  constructor(text: string, depth: number) {
    if (depth > depthMax) throw new Unsure(`more than ${depthMax} levels of commands inside commands`);
    this.#text = text;
    this.#depth = depth;
  }

  /** Commands up to the closing bracket, or to the end of the text. */
  list(end?: ')', depth = this.#depth): void {
    if (depth > depthMax) throw new Unsure(`more than ${depthMax} levels of commands inside commands`);
    while (!this.#simple(end, depth));
  }

  /** One simple command with the operator that ends it; true when the list has ended. */
  #simple(end: ')' | undefined, depth: number): boolean {
    const command = new Draft();
    try {
      return this.#parts(command, end, depth);
    } finally {
      // Also when the rest cannot be read: as far as it goes it may be forbidden.
      if (!command.isEmpty) this.commands.push(command);
    }
  }

  #parts(command: Draft, end: ')' | undefined, depth: number): boolean {
    for (;;) {
      this.#blanks();
      const next = this.#text[this.#at];
      if (next === undefined || next === ')') {
        if ((next === ')') !== (end === ')')) throw new Unsure('brackets that do not match');
        this.#at += 1;
        return true;
      }
      if (next === '#') this.#take(/[^\n]*/y);
      else if (next === '\n' || next === ';' || next === '|' || (next === '&' && this.#text[this.#at + 1] !== '>')) {
        if (this.#take(/;;|;&/y) !== undefined) throw new Unsure('`case`');
        this.#take(/&&|\|\||\|&|[\n;|&]/y);
        return false;
      } else if (next === '(') {
        if (command.begun || this.#text[this.#at + 1] === '(') throw new Unsure('brackets that are no subshell');
        this.#at += 1;
        this.list(')', depth + 1);
        command.closed = true;
      } else if (this.#take(/[<>]\(/y) !== undefined) {
        this.list(')', depth + 1);
        command.words.push({ text: `${next}(…)`, known: false });
      } else {
        const redirect = this.#take(operator);
        if (redirect === undefined) this.#wordOf(command, depth);
        else if (this.#redirect(redirect, depth)) command.writes = true;
      }
    }
  }

  #wordOf(command: Draft, depth: number): void {
    const from = this.#at;
    const word = this.#word(depth);
    const raw = this.#text.slice(from, this.#at);
    // The number of what is redirected.
    if (/^\d+$/.test(raw) && /[<>]/.test(this.#text[this.#at] ?? '')) return;
    if (command.closed) throw new Unsure('words after the end of a command');
    if (!command.begun) {
      if (beyond.has(raw)) throw new Unsure(`\`${raw}\``);
      if (opening.has(raw)) return;
      if (closing.has(raw)) command.closed = true;
      if (raw === 'for') command.header = true;
    }
    if (command.words.length === 0 && assignment.test(raw)) command.assigns = true;
    else if (!command.closed) command.words.push(word);
  }

  /** True when it writes to a file. */
  #redirect(redirect: string, depth: number): boolean {
    if (redirect === '<<') throw new Unsure('a here-document');
    this.#blanks();
    const target = this.#word(depth);
    if (target.text === '' && target.known) throw new Unsure('a redirection without a target');
    if (!redirect.includes('>')) return false;
    if (redirect === '>&' && target.known && /^(?:\d+|-)$/.test(target.text)) return false;
    return !(target.known && target.text === '/dev/null');
  }

  #blanks(): void {
    this.#take(/(?:[ \t]|\\\n)*/y);
  }

  #take(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.#at;
    const taken = pattern.exec(this.#text)?.[0];
    this.#at += taken?.length ?? 0;
    return taken;
  }

  #word(depth: number): Word {
    const from = this.#at;
    let text = '';
    let known = true;
    const unknown = (): void => {
      known = false;
    };
    for (;;) {
      const next = this.#text[this.#at];
      if (next === undefined || endsWord.test(next)) break;
      this.#at += 1;
      if (next === "'") text += this.#upTo("'");
      else if (next === '"') text += this.#quoted(depth, unknown);
      else if (next === '\\') {
        const escaped = this.#text[this.#at];
        if (escaped === undefined) throw new Unsure('a backslash at the end');
        this.#at += 1;
        if (escaped !== '\n') text += escaped;
      } else if (next === '$') text += this.#dollar(depth, unknown, false);
      else if (next === '`') this.#backquoted(depth, unknown);
      else {
        if ('*?[{}'.includes(next) || (next === '~' && this.#at - 1 === from)) unknown();
        text += next;
      }
    }
    const raw = this.#text.slice(from, this.#at);
    return { text: known ? text : raw, known: known || raw === '{' || raw === '}' || raw === '[' };
  }

  #upTo(sign: string): string {
    const end = this.#text.indexOf(sign, this.#at);
    if (end < 0) throw new Unsure('a quote that is not closed');
    const inside = this.#text.slice(this.#at, end);
    this.#at = end + 1;
    return inside;
  }

  #quoted(depth: number, unknown: () => void): string {
    let text = '';
    for (;;) {
      const next = this.#text[this.#at];
      if (next === undefined) throw new Unsure('a quote that is not closed');
      this.#at += 1;
      if (next === '"') return text;
      if (next === '\\') {
        const escaped = this.#text[this.#at] ?? '';
        this.#at += 1;
        if (escaped !== '\n') text += '$`"\\'.includes(escaped) ? escaped : `\\${escaped}`;
      } else if (next === '$') text += this.#dollar(depth, unknown, true);
      else if (next === '`') this.#backquoted(depth, unknown);
      else text += next;
    }
  }

  /** After a `$`. */
  #dollar(depth: number, unknown: () => void, quoted: boolean): string {
    const next = this.#text[this.#at];
    if (next === '(') {
      if (this.#text[this.#at + 1] === '(') throw new Unsure('arithmetic');
      this.#at += 1;
      this.list(')', depth + 1);
      unknown();
      return '';
    }
    if (next === '{' && this.#take(/\{[A-Za-z_][A-Za-z0-9_]*\}/y) === undefined) throw new Unsure('a `$` with braces');
    if (next === '[' || (!quoted && (next === "'" || next === '"'))) throw new Unsure(`\`$${next}\``);
    if (next === '{' || this.#take(/[A-Za-z_][A-Za-z0-9_]*|[0-9@*#?$!-]/y) !== undefined) {
      unknown();
      return '';
    }
    return '$';
  }

  #backquoted(depth: number, unknown: () => void): void {
    const inside = this.#upTo('`');
    if (inside.includes('\\')) throw new Unsure('backticks with a backslash');
    const reader = new Reader(inside, depth + 1);
    reader.list();
    this.commands.push(...reader.commands);
    unknown();
  }
}

export function readCommandLine(text: string): CommandLine {
  const reader = new Reader(text, 0);
  try {
    reader.list();
  } catch (error) {
    if (!(error instanceof Unsure)) throw error;
    return { commands: reader.commands, unsure: error.message };
  }
  return { commands: reader.commands };
}
