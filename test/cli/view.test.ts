import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import colors from 'picocolors';
import { describe, expect, test } from 'vitest';
import type { HoldfastEvent } from '../../events/catalogue.ts';
import { defaultLimits } from '../../events/limits.ts';
import { apply } from '../../projections/apply.ts';
import { emptyState } from '../../projections/state.ts';
import { picture } from '../../src/cli/live/picture.ts';
import { type Line, Screen } from '../../src/cli/live/screen.ts';
import * as sections from '../../src/cli/questions/sections.ts';
import * as tables from '../../src/cli/questions/tables.ts';
import { openFleet } from '../../src/fleet.ts';
import { sentence } from '../../src/words/describe.ts';
import { columns, cut, oneLine, widthOf } from '../../src/words/line.ts';
import { Names } from '../../src/words/names.ts';
import { newPlace, quick } from './cli.ts';

/** As much of a terminal as the live view needs: it wraps, scrolls, and counts what is written to it. */
class Paper {
  readonly rows: number;
  columns: number;
  cells: string[] = [''];
  row = 0;
  column = 0;
  written = '';
  cursor = true;

  constructor(columns: number, rows: number) {
    this.columns = columns;
    this.rows = rows;
  }

  write(text: string): void {
    this.written += text;
    for (const [part] of text.matchAll(/\u001b\[(\??[\d;]*)([A-Za-z])|[\s\S]/gu)) {
      if (part.startsWith('\u001b')) this.#control(part.slice(2, -1), part.at(-1)!);
      else if (part === '\r') this.column = 0;
      else if (part === '\n') this.#down();
      else this.#put(part);
    }
  }

  #control(given: string, letter: string): void {
    const n = Number(given) || 1;
    if (letter === 'A') this.row = Math.max(Math.max(0, this.cells.length - this.rows), this.row - n);
    else if (letter === 'B') this.row = Math.min(this.cells.length - 1, this.row + n);
    else if (letter === 'J') this.cells = [...this.cells.slice(0, this.row), ''];
    else if (letter === 'K') this.cells[this.row] = given === '2' ? '' : this.cells[this.row]!.slice(0, this.column);
    else if (given === '?25') this.cursor = letter === 'h';
  }

  #down(): void {
    this.row += 1;
    if (this.row === this.cells.length) this.cells.push('');
  }

  #put(character: string): void {
    if (this.column === this.columns) {
      this.column = 0;
      this.#down();
    }
    const line = this.cells[this.row]!.padEnd(this.column);
    this.cells[this.row] = line.slice(0, this.column) + character + line.slice(this.column + 1);
    this.column += 1;
  }

  get shown(): string[] {
    return this.cells.map((line) => line.trimEnd());
  }

  taken(): string {
    const { written } = this;
    this.written = '';
    return written;
  }
}

const lines = (...texts: readonly string[]): Line[] => texts.map((text) => ({ plain: text, shown: text }));

describe('the screen', () => {
  test('writes only what differs, and nothing when nothing does', () => {
    const paper = new Paper(40, 10);
    const screen = new Screen(paper);
    screen.draw(lines('one', 'two', 'three'));
    expect(paper.shown).toEqual(['one', 'two', 'three', '']);
    paper.taken();
    screen.draw(lines('one', 'two', 'three'));
    expect(paper.taken()).toBe('');
    screen.draw(lines('one', 'TWO', 'three', 'four'));
    expect(paper.shown).toEqual(['one', 'TWO', 'three', 'four', '']);
    expect(paper.taken()).not.toMatch(/one|three/);
    screen.draw(lines('ONE'));
    expect(paper.shown).toEqual(['ONE', '']);
  });

  test('lets something be said above it, and gives the cursor back', () => {
    const paper = new Paper(40, 10);
    const screen = new Screen(paper);
    screen.draw(lines('one', 'two'));
    expect(paper.cursor).toBe(false);
    screen.clear();
    paper.write('said\r\n');
    screen.draw(lines('one', 'two'));
    expect(paper.shown).toEqual(['said', 'one', 'two', '']);
    screen.leave();
    expect(paper.cursor).toBe(true);
    expect([paper.row, paper.column]).toEqual([3, 0]);
  });

  test('takes away every row that a narrower terminal has made of its lines', () => {
    const paper = new Paper(20, 10);
    const screen = new Screen(paper);
    screen.draw(lines('0123456789abcdef', 'two'));
    // What a terminal does that reflows: the first line takes two rows now.
    paper.columns = 10;
    paper.cells = ['0123456789', 'abcdef', 'two', ''];
    paper.row = 3;
    screen.draw(lines('01234567', 'two'));
    expect(paper.shown.filter((line) => line !== '')).toEqual(['01234567', 'two']);
    expect(paper.row).toBe(2);
  });
});

describe('a line for people', () => {
  test('is one line, whatever a model or a program writes', () => {
    const evil = 'a\u001b[2Jb\r\nc\u2028d\u202ee\u0007\u009bf\tg';
    expect(oneLine(evil)).toBe('a\ufffd[2Jb c d\ufffde\ufffd\ufffdf g');
    const names = new Names();
    const event = { type: 'EngineStopped', data: { reason: evil } } as unknown as HoldfastEvent;
    expect(sentence(event, names)).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u2028\u202e]/);
  });

  test('is cut by columns, not by characters', () => {
    expect(widthOf('一二三')).toBe(6);
    expect(cut('一二三', 5)).toBe('一二…');
    expect(cut('abc', 3)).toBe('abc');
    expect(cut('e\u0301e\u0301', 2)).toBe('e\u0301e\u0301');
    expect(
      columns([
        ['一', 'x'],
        ['abc', 'y'],
      ]),
    ).toEqual(['一   x', 'abc  y']);
  });
});

test('at every position of a log each projection can be shown, and the picture fits any terminal', async () => {
  const place = newPlace(quick);
  const fleet = await openFleet({
    log: place.log,
    fleet: JSON.parse(readFileSync(place.fleet, 'utf8')),
    cwd: place.folder,
  });
  await fleet.whenIdle();
  const events: HoldfastEvent[] = [];
  for await (const page of fleet.events()) events.push(...(page as readonly HoldfastEvent[]));
  await fleet.stop();

  const state = emptyState(defaultLimits);
  const names = new Names();
  let shownSaying = false;
  for (const event of events) {
    apply(state, event);
    const saying = new Map(Object.keys(state.agents).map((id) => [id, `${'漢'.repeat(90)} the newest words`]));
    names.see([event]);
    expect(sentence(event, names)).not.toContain('undefined');
    const shown = [
      ...tables.agentsTable(sections.agents(state)),
      ...tables.slotsTable(sections.slots(state)),
      ...tables.residentsTable(sections.residents(state)),
      ...tables.mailTable(sections.mail(state)),
      ...tables.turnsTable(sections.turns(state)),
      ...tables.tasksTable(sections.tasks(state)),
      ...tables.processesTable(sections.processes(state)),
    ];
    expect(shown.join('\n')).not.toMatch(/undefined|\[object/);
    expect(JSON.parse(JSON.stringify(sections.overview(state)))).toEqual(sections.overview(state));
    for (const [width, rows] of [
      [100, 24],
      [40, 5],
      [12, 3],
      [3, 2],
    ] as const) {
      const drawn = picture(
        state,
        { columns: width, rows, lastEvent: 'x'.repeat(200), elapsedMs: 61_000, saying },
        colors.createColors(false),
      );
      if (width === 100) shownSaying ||= drawn.some(({ plain }) => / … .*漢漢漢 the newest words$/.test(plain));
      expect(drawn.length).toBeLessThan(Math.max(2, rows));
      for (const { plain } of drawn) expect(widthOf(plain)).toBeLessThan(width);
    }
  }
  expect(sections.residents(state).map(({ path }) => path)).toContain('/root');
  expect(shownSaying).toBe(true);
});

test('the program in the checkout is the one that package.json names', () => {
  const top = fileURLToPath(new URL('../..', import.meta.url));
  const { bin } = JSON.parse(readFileSync(`${top}/package.json`, 'utf8')) as { bin: { holdfast: string } };
  expect(readFileSync(`${top}/${bin.holdfast}`, 'utf8')).toMatch(/^#!\/usr\/bin\/env node\n/);
});
