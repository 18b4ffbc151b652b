/** What a person sees while they are there: the screen, painted no faster than anybody looks, and now and then a message. */
import { Painter, type Size } from './painter.ts';
import type { Screen } from './screen.ts';

/** Between two paintings. */
const frameMs = 16;
/** A message stands so long, or until a key is pressed. */
const messageMs = 6_000;

export class Stage {
  readonly #screen: Screen;
  readonly #size: () => Size;
  readonly #painter: Painter;
  #message: string | undefined;
  #messageTimer: NodeJS.Timeout | undefined;
  #frame: NodeJS.Timeout | undefined;
  #painted = Number.NEGATIVE_INFINITY;

  constructor(screen: Screen, size: () => Size, write: (text: string) => void) {
    this.#screen = screen;
    this.#size = size;
    this.#painter = new Painter(write);
  }

  /** Something on the screen has changed. */
  changed(): void {
    if (this.#frame !== undefined) return;
    this.#frame = setTimeout(
      () => {
        this.#frame = undefined;
        this.#painted = performance.now();
        this.#painter.paint(this.#screen, this.#size(), this.#message);
      },
      Math.max(0, this.#painted + frameMs - performance.now()),
    );
  }

  tell(message: string): void {
    clearTimeout(this.#messageTimer);
    this.#messageTimer = setTimeout(() => this.hush(), messageMs);
    this.#message = message;
    this.changed();
  }

  hush(): void {
    this.#message = undefined;
    this.changed();
  }

  /** From nothing: something else has written to this terminal. */
  redraw(): void {
    this.#painter.forget();
    this.changed();
  }

  bell(): void {
    this.#painter.bell();
  }

  end(): void {
    clearTimeout(this.#frame);
    clearTimeout(this.#messageTimer);
    this.#painter.end();
  }
}
