/** The live view of `run` on a terminal: the picture is drawn again when something has happened, at most 20 times a second. */
import type { Hashed } from '../../../events/envelope.ts';
import { openApprovals } from '../../../projections/approvals.ts';
import { decoded } from '../../engine/fold.ts';
import type { Fleet } from '../../fleet.ts';
import { line } from '../../words/describe.ts';
import { Names } from '../../words/names.ts';
import type { Report } from '../fleets/progress.ts';
import type { Output } from '../output.ts';
import { Asking } from './asking.ts';
import { picture } from './picture.ts';
import { Screen } from './screen.ts';
import { terminal } from './terminal.ts';

/** Waits for more to happen before the next picture: 20 pictures a second are as many as an eye can use. */
const pictureMs = 50;
/** The clock in the title goes on also when nothing happens. */
const tickMs = 1_000;

export class LiveView implements Report {
  readonly #fleet: Fleet;
  readonly #out: Output;
  readonly #screen = new Screen(terminal);
  readonly #names = new Names();
  readonly #since = Date.now();
  readonly #tick: NodeJS.Timeout;
  readonly #deaf: () => void;
  readonly #soon = () => this.#draw();
  readonly #bringBack = () => {
    this.#asking.show(undefined);
    this.#screen.leave();
  };
  readonly answers = process.stdin.isTTY === true;
  readonly #asking: Asking;
  #timer: NodeJS.Timeout | undefined;
  #drawing: Promise<void> = Promise.resolve();
  #drawnAt = 0;
  #lastEvent = '';
  #ended = false;

  constructor(fleet: Fleet, out: Output) {
    this.#fleet = fleet;
    this.#out = out;
    this.#asking = new Asking((approvalId, answer) => void fleet.answer(approvalId, answer).catch(() => {}));
    this.#deaf = fleet.followSaying(this.#soon);
    this.#tick = setInterval(this.#soon, tickMs);
    process.stdout.on('resize', this.#soon);
    // Also when the process ends in the middle: the cursor belongs to whoever comes next.
    process.on('exit', this.#bringBack);
    this.#draw();
  }

  async page(events: readonly Hashed[]): Promise<void> {
    const told = events.map(decoded);
    const last = told.slice(-1);
    this.#names.see(told);
    await this.#names.learn(this.#fleet.log, last).catch(() => {
      // The log may just be closing: short ids do.
    });
    for (const event of last) this.#lastEvent = line(event, this.#names);
    this.#draw();
  }

  note(text: string): void {
    if (!this.#ended) this.#screen.clear();
    terminal.write(`${text}\r\n`);
    this.#draw();
  }

  /** The last picture is that of the fleet at rest: it stays, and whatever is said now comes below it. */
  async atRest(): Promise<void> {
    this.#halt();
    await this.#drawing;
    await this.#show();
    this.end();
  }

  end(): void {
    this.#halt();
    this.#ended = true;
    this.#asking.show(undefined);
    this.#screen.leave();
    process.off('exit', this.#bringBack);
  }

  #halt(): void {
    this.#deaf();
    clearInterval(this.#tick);
    clearTimeout(this.#timer);
    this.#timer = undefined;
    process.stdout.off('resize', this.#soon);
  }

  #draw(): void {
    if (this.#timer !== undefined || this.#ended) return;
    const wait = Math.max(0, this.#drawnAt + pictureMs - Date.now());
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.#drawnAt = Date.now();
      this.#drawing = this.#show();
    }, wait);
  }

  async #show(): Promise<void> {
    const { columns, rows } = terminal;
    const at = {
      columns,
      rows,
      lastEvent: this.#lastEvent,
      elapsedMs: Date.now() - this.#since,
      answers: this.answers,
      saying: new Map(this.#fleet.saying().map(({ agentId, text }) => [agentId, text])),
    };
    try {
      const { lines, asked } = await this.#fleet.read((state) => ({
        lines: picture(state, at, this.#out.colors),
        asked: openApprovals(state)[0],
      }));
      if (this.#ended) return;
      this.#screen.draw(lines);
      if (this.answers) this.#asking.show(asked && { ...asked });
    } catch {
      // The engine has failed: that is told elsewhere.
    }
  }
}
