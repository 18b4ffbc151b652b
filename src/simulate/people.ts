/** People of the world at terminals: they sit down, type, have windows of their own sizes, get up, or vanish in the middle. */
import { Attached } from '../host/attached.ts';
import type { Host } from '../host/port.ts';
import type { KeyboardChecker } from './check/keyboards.ts';
import type { WorldConnection } from './connection.ts';
import type { WorldHosts } from './hosts.ts';
import { lineOver } from './line.ts';

export const peopleMax = 3;

export type Want = 'watch' | 'ask' | 'take';

interface Extent {
  readonly cols: number;
  readonly rows: number;
}

interface Person {
  readonly connection: WorldConnection;
  readonly processId: number;
  at: Attached | undefined;
  /** Where the keyboard is, as far as they were told. */
  keyboard: 'yours' | 'held' | 'free' | undefined;
  /** Of their window. */
  size: Extent;
}

/** What is shown to people is judged elsewhere. */
const unread: Pick<Host, 'read' | 'wait'> = { read: async () => undefined, wait: async () => undefined };

export class WorldPeople {
  readonly #hosts: WorldHosts;
  readonly #checker: KeyboardChecker;
  readonly #seated = new Map<number, Person>();
  #pressed = 0;

  constructor(hosts: WorldHosts, checker: KeyboardChecker) {
    this.#hosts = hosts;
    this.#checker = checker;
  }

  /** At the n-th of the open terminals, as `attach` does it. */
  sit(who: number, nth: number, want: Want, size: Extent): void {
    if (this.#seated.has(who)) return;
    const { terminals } = this.#hosts;
    const processId = terminals[nth % terminals.length];
    const visited = processId === undefined ? undefined : this.#hosts.visit();
    if (processId === undefined || visited === undefined) return;
    const { connection, requests } = visited;
    const person: Person = { connection, processId, at: undefined, keyboard: undefined, size };
    this.#seated.set(who, person);
    connection.losses.add(() => this.#gone(who, person));
    const line = lineOver(connection, requests);
    Attached.join(line, unread, processId).then(
      (at) => (at === undefined ? this.#gone(who, person) : this.#settle(person, at, want)),
      () => this.#gone(who, person),
    );
  }

  #settle(person: Person, at: Attached, want: Want): void {
    person.at = at;
    at.onNotice((notice) => {
      if (!('keyboard' in notice)) return;
      person.keyboard = notice.keyboard;
      this.#fit(person);
    });
    if (want !== 'watch') at.keyboard(want).catch(() => {});
  }

  /** The terminal has the size of the window of whoever types there. */
  #fit({ at, keyboard, size: { cols, rows } }: Person): void {
    if (keyboard === 'yours') at!.resize(cols, rows).catch(() => {});
  }

  #gone(who: number, person: Person): void {
    if (this.#seated.get(who) === person) this.#seated.delete(who);
  }

  press(who: number, text: string): void {
    const { at, processId } = this.#seated.get(who) ?? {};
    if (at === undefined) return;
    this.#pressed += 1;
    // Never the same twice, so that its place can be told.
    const bytes = Buffer.from(`${this.#pressed}${text}`);
    at.type(bytes).then(
      (answer) => answer === 'written' && this.#checker.acknowledged(processId!, bytes.length),
      () => {},
    );
  }

  want(who: number, how: 'ask' | 'take' | 'give'): void {
    this.#seated
      .get(who)
      ?.at?.keyboard(how)
      .catch(() => {});
  }

  /** Their window gets another size. */
  stretch(who: number, size: Extent): void {
    const person = this.#seated.get(who);
    if (person?.at === undefined) return;
    person.size = size;
    this.#fit(person);
  }

  /** `rudely`: some of what they have sent is lost on its way. */
  rise(who: number, rudely: boolean): void {
    const person = this.#seated.get(who);
    if (person === undefined) return;
    this.#seated.delete(who);
    if (rudely) person.connection.cut();
    else person.connection.close();
  }

  /** Nothing is on its way any more: what people see is true. */
  rested(): void {
    for (const { at, processId, keyboard, size } of this.#seated.values())
      if (at !== undefined) this.#checker.seen(processId, keyboard, size, at.windows.at(-1));
  }
}
