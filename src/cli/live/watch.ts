/** `replay --watch`: a log on the terminal as it was at any moment, with keys to go on and back. It only reads. */
import { emitKeypressEvents, type Key } from 'node:readline';
import type { LogReader } from '../../log/port.ts';
import { line } from '../../words/describe.ts';
import { cut } from '../../words/line.ts';
import { Names } from '../../words/names.ts';
import type { Output } from '../output.ts';
import { picture } from './picture.ts';
import { Player } from './player.ts';
import { type Line, Screen } from './screen.ts';
import { terminal } from './terminal.ts';

/** Between two batches while it plays: long enough to read a line. */
const playMs = 400;
const strideBatches = 10;
/** Of a long batch, the last events are shown. */
const batchRows = 6;

const help = '→ next  ← back  PgDn/PgUp ten  g first  G last  p play  q quit';

export class Watch {
  readonly #player: Player;
  readonly #log: LogReader;
  readonly #out: Output;
  readonly #screen = new Screen(terminal);
  readonly #names = new Names();
  readonly #began: number;
  #playing = false;

  private constructor(player: Player, log: LogReader, out: Output, began: number) {
    this.#player = player;
    this.#log = log;
    this.#out = out;
    this.#began = began;
  }

  /** Until somebody leaves. `at`: where to begin. */
  static async show(log: LogReader, out: Output, at: number, end: number): Promise<void> {
    let began = 0;
    for await (const [first] of log.read({ from: 1, to: 1 })) began = first!.at;
    await new Watch(await Player.open(log, at, end), log, out, began).#run();
  }

  async #run(): Promise<void> {
    const { stdin } = process;
    emitKeypressEvents(stdin);
    stdin.setRawMode?.(true);
    const keys: string[] = [];
    let wake = () => {};
    const pressed = (text: string | undefined, key: Key) => {
      keys.push(key.ctrl === true && key.name === 'c' ? 'q' : (key.name?.length ?? 0) > 1 ? key.name! : (text ?? ''));
      wake();
    };
    const gone = () => pressed('q', {});
    const resized = () => pressed('', {});
    stdin.on('keypress', pressed).on('end', gone);
    process.stdout.on('resize', resized);
    try {
      for (;;) {
        await this.#draw();
        if (keys.length === 0) {
          const timer = this.#playing ? setTimeout(() => wake(), playMs) : undefined;
          await new Promise<void>((resolve) => (wake = resolve));
          clearTimeout(timer);
        }
        const key = keys.shift();
        if (key === 'q' || key === 'escape') return;
        if (key === undefined) await this.#player.forward();
        else await this.#press(key);
        if (this.#player.state.position >= this.#player.end) this.#playing = false;
      }
    } finally {
      this.#screen.leave();
      process.stdout.off('resize', resized);
      stdin.off('keypress', pressed).off('end', gone);
      stdin.setRawMode?.(false);
      stdin.pause();
    }
  }

  async #press(key: string): Promise<void> {
    const player = this.#player;
    switch (key) {
      case 'right':
      case 'l':
      case 'space':
        return player.forward();
      case 'left':
      case 'h':
        return player.backward();
      case 'pagedown':
        return player.forward(strideBatches);
      case 'pageup':
        return player.backward(strideBatches);
      case 'g':
      case 'home':
        return player.to(1);
      case 'G':
      case 'end':
        return player.to(player.end);
      case 'p':
        this.#playing = !this.#playing;
        return;
      default:
    }
  }

  async #draw(): Promise<void> {
    const { state, batch, end } = this.#player;
    await this.#names.learn(this.#log, batch);
    const { columns, rows } = terminal;
    const { colors } = this.#out;
    const events = batch.map((event) => line(event, this.#names));
    const shown = events.slice(-batchRows);
    if (shown.length < events.length) shown[0] = `  … ${events.length - shown.length + 1} events before`;
    const below: Line[] = [...shown, `${state.position} of ${end}   ${this.#playing ? 'playing' : ''}  ${help}`].map(
      (text, i, all) => {
        const plain = cut(text, columns - 1);
        return { plain, shown: i === all.length - 1 ? colors.dim(plain) : plain };
      },
    );
    const room = Math.max(1, rows - below.length);
    const at = { columns, rows: room, lastEvent: '', elapsedMs: state.at - this.#began };
    this.#screen.draw([...picture(state, at, colors), ...below].slice(0, Math.max(1, rows - 1)));
  }
}
