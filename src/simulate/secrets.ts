/** Secrets of the world: what looks like one, the file in which their values lie through all lives, and how that can be lost. */
import type { SecretStore } from '../log/port.ts';
import { secretsIn } from '../log/secretsFile.ts';
import { holds } from './check/violation.ts';
import type { Random } from './random.ts';

/** Of a fleet that takes secrets out of its log. */
export const secretPattern = 'tok-[0-9]{4}';
const looksSecret = new RegExp(secretPattern);
const placeholder = /\[secret s-\d+\]/;

export const drawSecret = (r: Random): string => `the key is tok-${1000 + r.below(6)}`;

/** A text whatever its secrets are called, as it was said or as it was written. */
export const unnamed = (text: string): string =>
  text.replaceAll(new RegExp(`${placeholder.source}|${looksSecret.source}`, 'g'), '[secret]');

export class WorldSecrets {
  /** Values are gone that the log names. */
  lost = false;
  #text = '';
  /** Of all lives: a name that was given stands in the log for ever. */
  readonly #given = new Map<string, string>();

  /** The file as a life of the engine reads it. */
  open(): SecretStore {
    const store = secretsIn({
      read: () => this.#text,
      append: (text) => {
        this.#text += text;
      },
    });
    return {
      value: (name) => store.value(name),
      keep: (value, above) => {
        const name = store.keep(value, above);
        const before = this.#given.get(name) ?? value;
        holds(before === value, 'LO7', 0, () => `${name} is ${value}, and was ${before}`);
        this.#given.set(name, value);
        return name;
      },
    };
  }

  /** The engine has died while it wrote a line. */
  tear(): void {
    this.#text += '{"name":"s-9","val';
  }

  /** The value of a name is removed for good; the name stays. */
  forget(name: string): void {
    this.lost = true;
    this.#text = this.#text
      .split('\n')
      .map((line) => (line.startsWith(`{"name":"${name}",`) ? JSON.stringify({ name }) : line))
      .join('\n');
  }

  holds(name: string): boolean {
    return this.#text.includes(`{"name":"${name}","val`);
  }

  /** Somebody has taken lines away. */
  lose(r: Random): void {
    this.lost = true;
    this.#text = this.#text
      .split('\n')
      .filter(() => r.chance(40))
      .map((line) => (line === '' ? '' : `${line}\n`))
      .join('');
  }
}

/** LO7: no value is in a fact. */
export const hidden = (data: unknown, position: number): void =>
  holds(!looksSecret.test(JSON.stringify(data)), 'LO7', position, () => 'a secret is in the log');

/** LO7: who acts gets the value. */
export const revealed = (what: string, given: unknown, position: number): void =>
  holds(!placeholder.test(JSON.stringify(given) ?? ''), 'LO7', position, () => `${what} is given the name of a secret`);
