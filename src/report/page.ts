/** The report of a log: one HTML file that needs no server, no script and nothing from outside. */
import { type Status, statusOf } from '../../projections/status.ts';
import { duration } from '../words/quantity.ts';
import { picture, shownMax } from './lanes.ts';
import { html, type Markup, nothing } from './markup.ts';
import type { Lane, Story } from './story.ts';
import { style } from './style.ts';

/** Rows of a table that a browser scrolls well. */
const rowsMax = 2_000;
const textMax = 400;

const cut = (text: string): string => (text.length > textMax ? `${text.slice(0, textMax)}…` : text);
const clock = (at: number): string => `${new Date(at).toISOString().replace('T', ' ').slice(0, 19)} UTC`;

interface Row {
  readonly lane: Lane;
  readonly status: Status;
  readonly resident: boolean;
  readonly runningMs: number;
  readonly waitingMs: number;
}

function rowOf(story: Story, lane: Lane): Row {
  const { state } = story;
  const timeIn = (is: Status['is']): number =>
    lane.segments.filter((s) => s.is === is).reduce((sum, { from, to }) => sum + to - from, 0);
  return {
    lane,
    status: statusOf(state, state.agents[lane.agentId]!),
    resident: state.residents.present[lane.agentId] !== undefined,
    runningMs: timeIn('running'),
    waitingMs: timeIn('waiting') + timeIn('queued'),
  };
}

const part = (heads: readonly string[], rows: readonly Markup[]): Markup => html`<div class="scroll"><table>
<thead><tr>${heads.map((head) => html`<th>${head}</th>`)}</tr></thead>
<tbody>${rows}</tbody></table></div>`;

function table(heads: readonly string[], rows: readonly Markup[]): Markup {
  const rest = rows.slice(shownMax, rowsMax);
  return html`${part(heads, rows.slice(0, shownMax))}
${rest.length === 0 ? nothing : html`<details><summary>${rest.length} more</summary>${part(heads, rest)}</details>`}
${rows.length > rowsMax ? html`<p class="dim">${rows.length - rowsMax} are left out.</p>` : nothing}`;
}

function tree(story: Story): Markup {
  const several = story.loads.size > 1;
  const rows = story.lanes.map((lane) => {
    const { status, resident, runningMs, waitingMs } = rowOf(story, lane);
    const { model, role, task, last } = story.state.agents[lane.agentId]!;
    const said = last.message ?? (task === undefined ? '' : `(asked) ${task}`);
    const name = lane.depth === 0 && several ? `${lane.root}:${lane.path}` : lane.path;
    return html`<tr><td class="path" style="padding-left:${lane.depth}em">${name}</td><td class="n">${status.is}</td><td class="n">#${status.position}</td><td class="n">${spent(runningMs)}</td><td class="n">${spent(waitingMs)}</td><td class="n">${resident ? 'yes' : 'no'}</td><td class="n">${model}${role === undefined ? '' : `, ${role}`}</td><td><div class="said">${cut(said)}</div></td></tr>`;
  });
  return table(['agent', 'status', 'since', 'running', 'waiting', 'in memory', 'model', 'last said'], rows);
}

function refusals(story: Story): Markup {
  if (story.refusals.length === 0) return html`<p class="dim">None.</p>`;
  const rows = story.refusals.map(
    ({ at, position, who, limit, number, holders }) =>
      html`<tr><td class="n">#${position}</td><td class="n">+${duration(at - story.from)}</td><td class="path">${who}</td><td class="n">${limit} ${number}</td><td class="path">${cut(holders.join(', '))}</td></tr>`,
  );
  return table(['event', 'after', 'who', 'limit', 'held by'], rows);
}

const spent = (ms: number): string => (ms === 0 ? '–' : duration(ms));

const fact = (name: string, value: string | number): Markup => html`<div><b>${value}</b>${name}</div>`;

/** `title`: what the log is called. */
export function page(story: Story, title: string): string {
  const { state, lanes, events, from, to, downs } = story;
  const most = Math.max(0, ...[...story.loads.values()].flat().map(({ held }) => held));
  const { origin } = state.fleet;
  const document = html`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>Holdfast: ${title}</title><style>${{ html: style }}</style></head><body>
<h1>${title}</h1>
<p class="dim">Fleet <code>${story.fleetId}</code>${origin === 'own' ? '' : `, read from ${origin}`}, ${clock(from)} to ${clock(to)}</p>
<div class="facts">${[
    fact('events', events),
    fact(state.roots.length === 1 ? 'agents, 1 root' : `agents, ${state.roots.length} roots`, lanes.length),
    fact('from first to last', duration(to - from)),
    fact(`slots held at most, of ${state.fleet.limits.activeTurns}`, most),
    fact(story.refusals.length === 1 ? 'refusal' : 'refusals', story.refusals.length),
    ...(origin !== 'own' ? [] : [fact(state.epoch === 1 ? 'life of the engine' : 'lives of the engine', state.epoch)]),
    ...(downs.length === 0
      ? []
      : [fact('without an engine', duration(downs.reduce((sum, d) => sum + d.to - d.from, 0)))]),
  ]}</div>
<h2>Over time</h2>${picture(story)}
<h2>Refusals</h2>${refusals(story)}
<h2>Agents</h2>${tree(story)}
<p class="dim">Made from the log up to event ${events}; every number with # is a position: <code>holdfast log --from N</code> shows what is there.</p>
</body></html>
`;
  return document.html;
}
