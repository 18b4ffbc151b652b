/** Values that look like secrets never enter the log: it holds `[secret s-N]`, and who acts gets the value back (LO7). */
import { Failure } from '../failure.ts';
import type { SecretStore } from '../log/port.ts';
import { mapTexts } from './texts.ts';

/** Shapes of keys and tokens of common services. */
const builtIn = [
  // Not in the middle of a word: `task-…` and `disk-…` are none.
  '\\bsk-[A-Za-z0-9_-]{20,}',
  'gh[pousr]_[A-Za-z0-9]{30,}',
  'github_pat_[A-Za-z0-9_]{40,}',
  'glpat-[A-Za-z0-9_-]{20,}',
  'xox[abprs]-[A-Za-z0-9-]{10,}',
  'A(?:KIA|SIA)[A-Z0-9]{16}',
  'AIza[A-Za-z0-9_-]{35}',
  'npm_[A-Za-z0-9]{36}',
  'eyJ[A-Za-z0-9_-]{10,}\\.eyJ[A-Za-z0-9_-]{10,}\\.[A-Za-z0-9_-]{10,}',
  '-----BEGIN [A-Z ]*PRIVATE KEY-----[\\s\\S]+?-----END [A-Z ]*PRIVATE KEY-----',
];

/**
 * Each life of the engine has numbers of its own, since values may be gone and their names are in the log for ever: a
 * name that was given again would show one secret in the place of another.
 */
const numbersPerLife = 1_000_000;

const placeholder = /\[secret (s-\d+)\]/g;

export class Secrets {
  readonly #store: SecretStore;
  readonly #seen: RegExp;
  readonly #each: RegExp;
  readonly #above: number;

  /** `epoch`: number of this life of the engine. */
  constructor(store: SecretStore, patterns: readonly string[] = [], epoch = 1) {
    this.#store = store;
    this.#above = (epoch - 1) * numbersPerLife;
    const source = sourceOf(patterns);
    this.#seen = new RegExp(source);
    this.#each = new RegExp(source, 'g');
  }

  hide(text: string): string {
    return this.#seen.test(text)
      ? text.replace(this.#each, (value) => (value === '' ? '' : `[secret ${this.#store.keep(value, this.#above)}]`))
      : text;
  }

  /** For texts that are shown and not kept. */
  cover(text: string): string {
    return this.#seen.test(text) ? text.replace(this.#each, (value) => (value === '' ? '' : '[secret]')) : text;
  }

  /** Throws HOLDFAST_SECRET_GONE where a value is no longer there. */
  reveal(text: string): string {
    if (!text.includes('[secret s-')) return text;
    return text.replace(placeholder, (_, name: string) => {
      const value = this.#store.value(name);
      if (value !== undefined) return value;
      // Without brackets: whoever reads of this must not look for the value as well.
      throw new Failure('HOLDFAST_SECRET_GONE', `the value of the secret ${name} is gone`, {
        remedy: 'put the file `secrets` back beside the log, or give the task again with the value in it',
        details: { name },
      });
    });
  }

  /** Every string in a value. */
  revealIn<A>(value: A): A {
    return mapTexts(value, (text) => this.reveal(text)) as A;
  }
}

const sourceOf = (patterns: readonly string[]): string => [...builtIn, ...patterns].map((p) => `(?:${p})`).join('|');

/** For fleets without a folder: in memory only. */
export function secretsInMemory(): SecretStore {
  const names = new Map<string, string>();
  const values = new Map<string, string>();
  return {
    keep: (value, above) => {
      const known = names.get(value);
      if (known !== undefined) return known;
      const name = `s-${above + names.size + 1}`;
      names.set(value, name);
      values.set(name, value);
      return name;
    },
    value: (name) => values.get(name),
  };
}
