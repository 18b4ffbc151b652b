/** A person at the terminal of a process: its screen is painted, keys go to it, and leaving lets it be. */
import { Failure } from '../../failure.ts';
import type { Attached } from '../../host/attached.ts';
import type { Exit } from '../../host/port.ts';
import { helpText, Keys, type Wish } from './keys.ts';
import type { Size } from './painter.ts';
import { Playback } from './playback.ts';
import { Stage } from './stage.ts';

/** Waits for a program to read the keys it was sent before. */
const roomMs = 50;

const ctrlC = 3;

/** The terminal of the person. */
export interface Seat {
  readonly size: () => Size;
  readonly write: (text: string) => void;
  readonly onKeys: (listener: (bytes: Uint8Array) => void) => void;
  readonly onSize: (listener: () => void) => void;
  /** It is gone, or somebody wants us to leave. */
  readonly onGone: (listener: () => void) => void;
}

export interface Visit {
  /** It goes on. */
  readonly left: boolean;
  /** Undefined: we left, or nobody knows how it ended. */
  readonly exit: Exit | undefined;
  /** Its last screen, when it has ended. */
  readonly lines: readonly string[];
}

type Want = 'ask' | 'take' | 'watch';

const messages = {
  yours: 'you have the keyboard · Ctrl-] d leaves · Ctrl-] ? helps',
  held: 'somebody else has the keyboard: you watch · Ctrl-] t takes it · Ctrl-] d leaves',
  free: 'nobody has the keyboard: you watch · Ctrl-] t takes it · Ctrl-] d leaves',
  watching: 'you only watch · Ctrl-] t takes the keyboard · Ctrl-] d or Ctrl-C leaves',
  pipes: 'it runs on pipes: nothing can be typed · Ctrl-] d or Ctrl-C leaves',
  full: 'it does not read what is typed: keys wait · Ctrl-] d leaves',
} as const;

class Visitor {
  readonly #at: Attached;
  readonly #seat: Seat;
  readonly #stage: Stage;
  readonly #playback: Playback;
  readonly #keys = new Keys();
  readonly #end = new AbortController();
  #typing: Promise<void> = Promise.resolve();
  #mine = false;
  /** What has come so far was played: from now on a program that asks its terminal something gets an answer. */
  #live = false;
  #trouble: unknown;

  constructor(at: Attached, seat: Seat) {
    this.#at = at;
    this.#seat = seat;
    this.#playback = new Playback(at, { tty: at.process.tty, ...seat.size() });
    const { screen } = this.#playback;
    this.#stage = new Stage(screen, seat.size, seat.write);
    screen.onBell(() => this.#live && this.#stage.bell());
    screen.onReply((reply) => {
      if (this.#live && this.#mine) this.#type(Buffer.from(reply, 'latin1'));
    });
    at.onNotice((notice) => {
      if ('window' in notice) this.#stage.changed();
      else this.#keyboardIs(notice.keyboard);
    });
    at.onLost(() => this.#fail(lost(at.process.processId)));
    seat.onKeys((bytes) => this.#pressed(bytes));
    seat.onSize(() => this.#resized());
    seat.onGone(() => this.#leave());
  }

  async stay(want: Want): Promise<Visit> {
    try {
      await this.#playback.catchUp();
      this.#live = true;
      await this.#sit(want);
      return await this.#follow();
    } finally {
      this.#stage.end();
    }
  }

  async #sit(want: Want): Promise<void> {
    if (!this.#at.process.tty) this.#say('pipes');
    else if (want === 'watch') this.#say('watching');
    else if (!(await this.#at.keyboard(want))) this.#say('held');
    else if (this.#playback.cut) await this.#nudge();
  }

  /** Until it ends or we leave. */
  async #follow(): Promise<Visit> {
    const { signal } = this.#end;
    for (;;) {
      this.#stage.changed();
      if (!signal.aborted && (await this.#playback.step())) continue;
      const state = await this.#at.more(this.#playback.at, signal).catch((error) => {
        if (!signal.aborted) throw error;
      });
      if (this.#trouble !== undefined) throw this.#trouble;
      if (signal.aborted) return { left: true, exit: undefined, lines: [] };
      if (state?.exit === undefined && state !== undefined) continue;
      await this.#playback.catchUp();
      return { left: false, exit: state?.exit, lines: this.#playback.screen.lines };
    }
  }

  /** A program that is told of another size paints everything again. */
  async #nudge(): Promise<void> {
    const { cols, rows } = this.#seat.size();
    await this.#at.resize(cols, Math.max(1, rows - 1));
    await this.#at.resize(cols, rows);
  }

  #keyboardIs(where: 'yours' | 'held' | 'free'): void {
    const was = this.#mine;
    this.#mine = where === 'yours';
    if (this.#mine || was || where === 'free') this.#say(where);
    if (this.#mine) this.#resized();
  }

  #resized(): void {
    const { cols, rows } = this.#seat.size();
    if (this.#mine) this.#ask(this.#at.resize(cols, rows));
    if (!this.#at.process.tty) this.#playback.screen.resize(cols, rows);
    this.#stage.changed();
  }

  #pressed(bytes: Uint8Array): void {
    this.#stage.hush();
    for (const pressed of this.#keys.read(bytes)) {
      if ('wish' in pressed) this.#carryOut(pressed.wish);
      else if (this.#mine) this.#type(pressed.type);
      else if (pressed.type.includes(ctrlC)) this.#leave();
      else this.#say(this.#at.process.tty ? 'watching' : 'pipes');
    }
  }

  #carryOut(wish: Wish): void {
    if (wish === 'leave') this.#leave();
    else if (wish === 'help') this.#stage.tell(helpText);
    else if (wish === 'redraw') {
      this.#stage.redraw();
      if (this.#mine) this.#ask(this.#nudge());
    } else if (wish === 'take' && !this.#at.process.tty) this.#say('pipes');
    else this.#ask(this.#at.keyboard(wish));
  }

  /** In order, and again when the program has read some of what it was sent before. */
  #type(bytes: Uint8Array): void {
    this.#typing = this.#typing.then(() => this.#send(bytes));
    this.#ask(this.#typing);
  }

  async #send(bytes: Uint8Array): Promise<void> {
    while (!this.#end.signal.aborted) {
      try {
        await this.#at.type(bytes);
        return;
      } catch (error) {
        if (!(error instanceof Failure) || error.code !== 'HOLDFAST_HOST_INPUT_FULL') throw error;
        this.#say('full');
        await new Promise((resolve) => setTimeout(resolve, roomMs));
      }
    }
  }

  #ask(answer: Promise<unknown>): void {
    answer.catch((error) => this.#fail(error));
  }

  #fail(error: unknown): void {
    this.#trouble ??= error;
    this.#end.abort();
  }

  #leave(): void {
    this.#end.abort();
  }

  #say(what: keyof typeof messages): void {
    this.#stage.tell(messages[what]);
  }
}

const lost = (processId: number): Failure =>
  new Failure('HOLDFAST_HOST_LOST', `the process host is gone, and process ${processId} with it`, {
    remedy: '`holdfast resume` records what became of it',
    details: { processId },
  });

export const visit = (at: Attached, seat: Seat, want: Want): Promise<Visit> => new Visitor(at, seat).stay(want);
