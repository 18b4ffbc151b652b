/** Agents over time as text: one line each, one character for a stretch of time. */

import type { Lane, Segment, Story } from '../../report/story.ts';
import { columns, oneLine, pad, widthOf } from '../../words/line.ts';

/** What stands for a stretch: the busiest thing in it. */
const marks = [
  { mark: '█', means: 'running', fits: (s: Segment) => s.is === 'running' },
  { mark: '▒', means: 'waiting', fits: (s: Segment) => s.is === 'waiting' },
  { mark: '○', means: 'queued', fits: (s: Segment) => s.is === 'queued' },
  { mark: '─', means: 'idle, in memory', fits: (s: Segment) => s.is !== 'closed' && s.resident },
  { mark: '·', means: 'idle, not in memory', fits: (s: Segment) => s.is !== 'closed' },
] as const;

const down = '╳';

function markOf(lane: Lane, from: number, to: number): string {
  const there = lane.segments.filter((segment) => segment.from < to && segment.to > from);
  // What began and ended at one moment is seen too.
  const moments = lane.segments.filter(({ from: at, to: end }) => at === end && at >= from && at < to);
  for (const { mark, fits } of marks) if ([...there, ...moments].some(fits)) return mark;
  return ' ';
}

const seconds = (ms: number): string => {
  if (ms < 10_000) return `${(ms / 1000).toFixed(1)} s`;
  if (ms < 600_000) return `${Math.round(ms / 1000)} s`;
  if (ms < 36_000_000) return `${Math.round(ms / 60_000)} min`;
  return `${Math.round(ms / 3_600_000)} h`;
};

/** A digit, or a plus from ten on. */
const digit = (n: number): string => (n === 0 ? ' ' : n < 10 ? String(n) : '+');

/** At most `width` columns; at least 20 for the time itself. */
export function timeline(story: Story, width: number): string[] {
  const { lanes, from, to, downs, loads, refusals } = story;
  const several = loads.size > 1;
  const named = lanes.map((lane) => oneLine(several ? `${lane.root}:${lane.path}` : lane.path));
  const rows = [...named, 'slots held', 'refusals'];
  const left = Math.max(...rows.map(widthOf)) + 2;
  const cells = Math.max(20, width - left);
  const span = Math.max(1, to - from);
  const edge = (cell: number): number => from + (span * cell) / cells;
  const draw = (name: string, mark: (from: number, to: number) => string): string =>
    `${pad(name, left)}${Array.from({ length: cells }, (_, i) => mark(edge(i), i === cells - 1 ? to + 1 : edge(i + 1))).join('')}`.trimEnd();
  const isDown = (a: number, b: number): boolean => downs.some((gap) => gap.from <= a && gap.to >= b);

  const half = Math.floor(cells / 2);
  const [middle, end] = [seconds(span / 2), seconds(span)];
  const scale = `${pad('', left)}${pad('0', half)}${pad(middle, cells - half - widthOf(end))}${end}`;
  const most = (a: number, b: number): number => {
    let sum = 0;
    for (const list of loads.values()) {
      const before = list.findLast((load) => load.at <= a)?.held ?? 0;
      sum += Math.max(before, ...list.filter(({ at }) => at > a && at < b).map(({ held }) => held));
    }
    return sum;
  };
  return [
    scale,
    ...lanes.map((lane, i) => draw(named[i]!, (a, b) => (isDown(a, b) ? down : markOf(lane, a, b)))),
    draw('slots held', (a, b) => (isDown(a, b) ? down : digit(most(a, b)))),
    ...(refusals.length === 0
      ? []
      : [draw('refusals', (a, b) => digit(refusals.filter(({ at }) => at >= a && at < b).length))]),
    '',
    ...columns([
      ...marks.map(({ mark, means }) => [mark, means]),
      ...(downs.length === 0 ? [] : [[down, 'no engine']]),
    ]),
  ];
}
