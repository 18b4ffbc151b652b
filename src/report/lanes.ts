/** The picture of the report: agents, slots and refusals over the same stretch of time. */

import { duration } from '../words/quantity.ts';
import { html, type Markup, nothing } from './markup.ts';
import type { Lane, Load, Segment, Story } from './story.ts';

/** What a person takes in at once; more are there when they are asked for. */
export const shownMax = 60;
/** More lanes than this are no picture any more; the table below has all agents. */
const lanesMax = 400;
/** Stretches shorter than this share of the whole are drawn only where nothing longer lies. */
const shareMin = 1 / 4000;
const ticks = 6;

type Look = 'running' | 'waiting' | 'queued' | 'idle' | 'away';

function lookOf({ is, resident }: Segment): Look {
  if (is === 'running' || is === 'waiting' || is === 'queued') return is;
  return resident ? 'idle' : 'away';
}

const meanings: readonly (readonly [string, string])[] = [
  ['running', 'running'],
  ['waiting', 'waiting'],
  ['queued', 'queued for a slot'],
  ['idle', 'idle, in memory'],
  ['away', 'idle, not in memory'],
  ['down', 'no engine'],
  ['refused', 'a refusal'],
];

class Scale {
  readonly #from: number;
  readonly span: number;

  constructor({ from, to }: Story) {
    this.#from = from;
    this.span = Math.max(1, to - from);
  }

  /** Per cent of the width. */
  x(at: number): number {
    return Math.round(((at - this.#from) / this.span) * 1e5) / 1e3;
  }

  after(at: number): string {
    return duration(at - this.#from);
  }

  piece(look: string, from: number, to: number, title: string): Markup {
    const width = Math.max(0, Math.round((this.x(to) - this.x(from)) * 1e3) / 1e3);
    return html`<i class="${look}" style="left:${this.x(from)}%;width:${width}%" title="${title}"></i>`;
  }
}

function bar(lane: Lane, scale: Scale, story: Story): Markup {
  const pieces = lane.segments
    .filter((segment, i) => {
      const isLast = i === lane.segments.length - 1;
      return segment.is !== 'closed' && (isLast || segment.to - segment.from >= scale.span * shareMin);
    })
    .map((segment) => {
      const { is, what, from, to, position, holdsSlot, resident } = segment;
      const more = `${what === undefined ? '' : ` (${what.slice(0, 200)})`}${holdsSlot ? ', holds a slot' : ''}${resident ? '' : ', not in memory'}`;
      return scale.piece(
        lookOf(segment),
        from,
        to,
        `${is}${more}: #${position}, +${scale.after(from)} to +${scale.after(to)}`,
      );
    });
  const downs = story.downs.map(({ from, to }) =>
    scale.piece('down', from, to, `no engine for ${duration(to - from)}`),
  );
  return html`<div class="bar">${[...pieces, ...downs]}</div>`;
}

const axis = (scale: Scale): Markup =>
  html`<div class="axis">${Array.from({ length: ticks }, (_, i) => {
    const share = i / (ticks - 1);
    return html`<span style="left:${share * 100}%">${duration(scale.span * share)}</span>`;
  })}</div>`;

function load(loads: readonly Load[], scale: Scale): Markup {
  const top = Math.max(1, ...loads.map(({ held, activeTurns }) => Math.max(held, activeTurns)));
  const y = (n: number): number => Math.round((1 - n / (top * 1.1)) * 1000) / 10;
  let path = `M0 100`;
  for (const { at, held } of loads) path += `H${scale.x(at)}V${y(held)}`;
  path += 'H100V100Z';
  const limit = loads.at(-1)?.activeTurns ?? 0;
  const most = Math.max(...loads.map(({ held }) => held));
  return html`<svg class="load" viewBox="0 0 100 100" preserveAspectRatio="none" role="img" aria-label="slots held over time, at most ${most} of ${limit}"><title>at most ${most} of ${limit} slots held</title><path d="${path}"/><line x1="0" x2="100" y1="${y(limit)}" y2="${y(limit)}"/></svg>`;
}

export function picture(story: Story): Markup {
  const scale = new Scale(story);
  const several = story.loads.size > 1;
  const nameOf = (lane: Lane): string => (several ? `${lane.root}:${lane.path}` : lane.path);
  const rows = story.lanes
    .slice(0, lanesMax)
    .map((lane) => html`<span class="path" title="${nameOf(lane)}">${nameOf(lane)}</span>${bar(lane, scale, story)}`);
  const rest = rows.slice(shownMax);
  const refused = story.refusals.map(({ at, who, limit, number, position }) =>
    scale.piece('refused', at, at, `#${position}: ${who} refused, ${limit} ${number}`),
  );
  return html`
<div class="legend">${meanings.map(([look, means]) => html`<span><i class="${look}" style="position:static"></i>${means}</span>`)}</div>
<div class="lanes">
<span class="blank"></span>${axis(scale)}
${[...story.loads].map(([root, loads]) => html`<span>slots held${several ? ` in ${root}` : ''}</span>${load(loads, scale)}`)}
${refused.length === 0 ? nothing : html`<span>refusals</span><div class="bar">${refused}</div>`}
${rows.slice(0, shownMax)}
</div>
${rest.length === 0 ? nothing : html`<details><summary>${rest.length} agents more</summary><div class="lanes">${rest}</div></details>`}
${rows.length < story.lanes.length ? html`<p class="dim">The first ${lanesMax} of ${story.lanes.length} agents.</p>` : nothing}`;
}
