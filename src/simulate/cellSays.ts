/** What scripts of cells do in the world: calls alone and at once, pauses, output, and every way to end. */
import { type CallStep, type CellStep, cellSource } from './cellScript.ts';
import type { Random } from './random.ts';

/** Draws a call of any tool, with arguments that may make no sense. */
export type DrawCall = (r: Random) => { readonly tool: string; readonly args: unknown };

const keys = ['a', 'b', 'constructor'] as const;

const call = (r: Random, draw: DrawCall): CallStep => {
  const { tool, args } = draw(r);
  return { call: tool, args: args as CallStep['args'] & object, ...(r.chance(85) && { caught: true as const }) };
};

const kinds = { call: 30, all: 16, start: 4, text: 16, print: 8, store: 10, notify: 3, sleep: 14, yield: 5, end: 4 };

function step(r: Random, draw: DrawCall): CellStep {
  switch (r.weighted(kinds)) {
    case 'call':
      return call(r, draw);
    case 'all':
      return { all: Array.from({ length: r.between(2, 4) }, () => call(r, draw)) };
    case 'start': {
      const { tool, args } = draw(r);
      return { start: tool, args: args as CallStep['args'] & object };
    }
    case 'text':
      return { text: r.pick(['x', 'lone \ud800 half', '']) };
    case 'print':
      return { print: r.pick(['now', 'random', { load: r.pick(keys) }]) };
    case 'store':
      return { store: r.pick(keys), value: r.below(100) };
    case 'notify':
      return { notify: 'news' };
    case 'sleep':
      return { sleep: r.pick([0, 1, 50, 3_000]) };
    case 'yield':
      return { yield: true };
    default:
      return r.pick([{ exit: true as const }, { throw: 'boom' }, { never: true as const }, { spin: true as const }]);
  }
}

export function drawCell(r: Random, draw: DrawCall): string {
  if (r.chance(3)) return r.pick(['', ' ', '{}', 'text("a cell")', '// @exec: {"x": 1}\n[]']);
  const source = cellSource(...Array.from({ length: r.between(1, 5) }, () => step(r, draw)));
  return r.chance(30) ? `// @exec: {"yield_time_ms": ${r.pick([0, 10, 1_000])}}\n${source}` : source;
}
