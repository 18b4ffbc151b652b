/** Scenario 45: a crash after any batch of a history leaves a fleet that goes on soundly, and loses nothing of what was there. */
import { expect, test } from 'vitest';
import type { HoldfastEvent } from '../../events/catalogue.ts';
import type { State } from '../../projections/state.ts';
import { PaperFleet } from './given.ts';
import { story } from './story.ts';

const told = story().events;
const ends = told.filter((e) => e.index === e.of - 1).map((e) => e.position);
const upTo = (position: number) => new PaperFleet(told.slice(0, position));

/** Every turn answers, fails or is answered until none is left. */
function finish(f: PaperFleet): void {
  for (let i = 0; ; i += 1) {
    if (i > 200) throw new Error('the turns do not come to an end');
    const turns = Object.values(f.state.turns);
    const turn = turns.find((t) => t.phase === 'sampling' && t.parked === undefined) ?? turns.find((t) => t.open > 0);
    if (turn === undefined) break;
    const { turnId, agentId, calls } = turn;
    if (turn.phase === 'sampling' && turn.parked === undefined) {
      const n = f.state.agents[agentId]!.samplings + 1;
      const summary = turn.overflows !== undefined;
      if (summary) f.ask({ do: 'compacted', turnId, n, summary: 'so far' }, `agent:${agentId}`);
      else f.ask({ do: 'sampled', turnId, n, items: [{ say: 'done' }] }, `agent:${agentId}`);
      continue;
    }
    const { callId, tool } = Object.values(calls)[0]!;
    if (tool === 'wait_agent') f.ask({ do: 'waitExpired', turnId, callId }, 'engine');
    else f.ask({ do: 'endCall', turnId, callId, outcome: 'indeterminate', output: { text: '' } }, 'engine');
  }
}

test('the story has something of nearly everything', () => {
  const seen = new Set(told.map((e) => e.type));
  for (const type of [
    'TurnParked',
    'TurnUnparked',
    'TurnDequeued',
    'AgentEvicted',
    'MailReturned',
    'MailRejected',
  ] as const)
    expect(seen).toContain(type);
  expect(seen.size).toBeGreaterThan(36);
});

test.each(ends)(
  '[MA1][SL8][TU6] a crash after event %d: it starts, keeps the invariants and comes to an end',
  (position) => {
    const f = upTo(position);
    f.crash();
    finish(f);
    expect(Object.keys(f.state.slots.queuedBy)).toEqual([]);
    expect(f.state.slots.held).toBe(0);
    const unread = Object.values(f.state.mail.inboxes).reduce((sum, inbox) => sum + inbox.triggers, 0);
    expect(unread).toBe(0);
  },
);

/** Whoever holds a process may change; what it is does not. */
const unleased = ({ all, ...rest }: State['processes']) => ({
  ...rest,
  all: Object.values(all).map(({ place: _, detached: __, ...process }) => process),
});

test.each(ends)('[RE8][PA2] a crash after event %d keeps identities, paths and processes as they were', (position) => {
  const { agents, processes, roots } = upTo(position).state;
  // The start alone, without the calls that are decided after it.
  const { state } = new PaperFleet([...told.slice(0, position), ...upTo(position).crash().events]);
  const pathOf = (all: typeof agents) => Object.values(all).map(({ path, children }) => [path, children]);
  expect(pathOf(state.agents)).toEqual(pathOf(agents));
  expect(state.roots).toEqual(roots);
  expect(unleased(state.processes)).toEqual(unleased(processes));
  expect(Object.keys(state.agents)).toEqual(Object.keys(agents));
});

test('[MA1][I6] over all of it, each accepted mail is unread, or consumed by one turn, or rejected', () => {
  const f = upTo(told.length);
  f.crash();
  finish(f);
  const place = new Map<string, string>();
  for (const event of f.events as readonly HoldfastEvent[]) {
    if (event.type === 'MailAccepted') place.set(event.data.mailId, 'unread');
    if (event.type === 'MailConsumed') {
      expect(place.get(event.data.mailId)).toBe('unread');
      place.set(event.data.mailId, 'consumed');
    }
    if (event.type === 'MailReturned') {
      expect(place.get(event.data.mailId)).toBe('consumed');
      place.set(event.data.mailId, 'unread');
    }
    if (event.type === 'MailRejected') {
      expect(place.get(event.data.mailId)).toBe('unread');
      place.set(event.data.mailId, 'rejected');
    }
  }
  const unread = Object.values(f.state.mail.inboxes).flatMap((inbox) => inbox.unread);
  expect(
    [...place]
      .filter(([, is]) => is === 'unread')
      .map(([id]) => id)
      .sort(),
  ).toEqual([...unread].sort());
});
