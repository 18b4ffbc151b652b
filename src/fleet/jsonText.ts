/**
 * Finds the place where a text stops being JSON: line, column, JSON path. `JSON.parse` gives no position for most errors
 * and drops the first of two equal keys without a word, which in a fleet file loses a whole script.
 */
import { keyPath } from '../../events/jsonPath.ts';
import type { Fault } from './fault.ts';

class Stop {
  readonly fault: Fault;
  constructor(fault: Fault) {
    this.fault = fault;
  }
}

/** Levels of brackets; nothing that a fleet file means is near it, and the scan is recursive. */
const depthMax = 200;

const space = /[ \t\n\r]*/y;
const string = /"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/y;
const scalar = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?(?![\w.])|(?:true|false|null)(?!\w)/y;

class Scanner {
  readonly text: string;
  #at = 0;

  constructor(text: string) {
    this.text = text;
  }

  document(): void {
    this.#value('$', 0);
    if (this.#peek() !== undefined) this.#stop('$', 'the end of the file');
  }

  #value(path: string, depth: number): void {
    if (depth > depthMax) this.#stop(path, `at most ${depthMax} levels of brackets`);
    const next = this.#peek();
    if (next === '{') this.#object(path, depth);
    else if (next === '[') this.#array(path, depth);
    else if (next === '"') this.#string(path);
    else if (this.#take(scalar) === undefined) this.#stop(path, depth === 0 ? 'a JSON document' : 'a JSON value');
  }

  #object(path: string, depth: number): void {
    const seen = new Set<string>();
    this.#at++;
    if (this.#skip('}')) return;
    do {
      if (this.#peek() !== '"') this.#stop(path, 'a key in double quotes');
      const start = this.#at;
      const key = JSON.parse(this.#string(path)) as string;
      const inside = keyPath(path, key);
      if (seen.has(key)) this.#stop(inside, 'each key once', `${JSON.stringify(key)} a second time`, start);
      seen.add(key);
      if (!this.#skip(':')) this.#stop(inside, '":"');
      this.#value(inside, depth + 1);
    } while (this.#skip(','));
    if (!this.#skip('}')) this.#stop(path, '"," or "}"');
  }

  #array(path: string, depth: number): void {
    this.#at++;
    if (this.#skip(']')) return;
    let i = 0;
    do {
      this.#value(keyPath(path, i++), depth + 1);
    } while (this.#skip(','));
    if (!this.#skip(']')) this.#stop(path, '"," or "]"');
  }

  #string(path: string): string {
    return this.#take(string) ?? this.#stop(path, 'a string that ends in its line, with valid escapes');
  }

  #take(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.#at;
    const taken = pattern.exec(this.text)?.[0];
    this.#at += taken?.length ?? 0;
    return taken;
  }

  #peek(): string | undefined {
    this.#take(space);
    return this.text[this.#at];
  }

  #skip(sign: string): boolean {
    const there = this.#peek() === sign;
    if (there) this.#at++;
    return there;
  }

  #stop(path: string, expected: string, found = this.#found(), at = this.#at): never {
    const before = this.text.slice(0, at).split('\n');
    const column = (before.at(-1)?.length ?? 0) + 1;
    throw new Stop({ path, expected, found, line: before.length, column });
  }

  #found(): string {
    if (this.#at >= this.text.length) return this.text.trim() === '' ? 'an empty file' : 'the end of the file';
    return JSON.stringify(/^(?:[\w.+-]{1,30}|"[^"\n]{0,30}"?|.)/su.exec(this.text.slice(this.#at))?.[0] ?? '');
  }
}

/** The value, or the fault with its place in the text. */
export function parseJson(source: string): { readonly value: unknown } | { readonly fault: Fault } {
  const text = source.startsWith('\uFEFF') ? source.slice(1) : source;
  try {
    new Scanner(text).document();
    return { value: JSON.parse(text) };
  } catch (error) {
    if (error instanceof Stop) return { fault: error.fault };
    throw error;
  }
}
