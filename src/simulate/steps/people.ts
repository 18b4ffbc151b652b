/** What people do at terminals, whether an engine runs or not. */
import { peopleMax, type Want } from '../people.ts';
import type { Random } from '../random.ts';
import { faultSteps } from './faults.ts';
import type { Step } from './kinds.ts';
import { happening } from './step.ts';

export interface OfPerson {
  readonly who: number;
}

export interface OfSize {
  readonly cols: number;
  readonly rows: number;
}

const drawWho = (r: Random): OfPerson => ({ who: r.below(peopleMax) });
const drawSize = (r: Random): OfSize => ({ cols: r.between(20, 200), rows: r.between(5, 60) });

/** Weight 0: they come by `drawPerson`, so that they shift nothing in histories without people. */
export const peopleSteps = {
  sitDown: happening<OfPerson & OfSize & { readonly nth: number; readonly want: Want }>({
    weight: 0,
    draw: (r) => ({ ...drawWho(r), nth: r.below(3), want: r.pick(['ask', 'ask', 'take', 'watch']), ...drawSize(r) }),
    says: ({ who, nth, want }) => `person ${who} sits down at terminal ${nth} to ${want}`,
    happen: ({ world }, { who, nth, want, cols, rows }) => world.hosts.people.sit(who, nth, want, { cols, rows }),
  }),
  press: happening<OfPerson & { readonly text: string }>({
    weight: 0,
    draw: (r) => ({ ...drawWho(r), text: r.pick(['', 'word', 'y\n', 'line\r', '\u0004']) }),
    says: ({ who, text }) => `person ${who} types ${JSON.stringify(text)}`,
    happen: ({ world }, { who, text }) => world.hosts.people.press(who, text),
  }),
  wantKeyboard: happening<OfPerson & { readonly how: 'ask' | 'take' | 'give' }>({
    weight: 0,
    draw: (r) => ({ ...drawWho(r), how: r.pick(['take', 'ask', 'give']) }),
    says: ({ who, how }) => `person ${who} would ${how} the keyboard`,
    happen: ({ world }, { who, how }) => world.hosts.people.want(who, how),
  }),
  stretch: happening<OfPerson & OfSize>({
    weight: 0,
    draw: (r) => ({ ...drawWho(r), ...drawSize(r) }),
    says: ({ who, cols, rows }) => `the window of person ${who} has ${cols} × ${rows} now`,
    happen: ({ world }, { who, cols, rows }) => world.hosts.people.stretch(who, { cols, rows }),
  }),
  getUp: happening<OfPerson & { readonly rudely: boolean }>({
    weight: 0,
    draw: (r) => ({ ...drawWho(r), rudely: r.chance(50) }),
    says: ({ who, rudely }) => `person ${who} ${rudely ? 'vanishes' : 'leaves'}`,
    happen: ({ world }, { who, rudely }) => world.hosts.people.rise(who, rudely),
  }),
};

const weights = { sitDown: 25, press: 40, wantKeyboard: 10, stretch: 12, getUp: 8 } as const;
/** Hosts die in the middle of what is typed. */
const dangerous = { sitDown: 30, press: 40, killHost: 12 } as const;

const drawn = { ...peopleSteps, killHost: faultSteps.killHost };

/** One thing that somebody at a terminal does, or that befalls it. */
export const drawPerson = (r: Random): Step => drawnFrom(r, r.weighted(weights));
export const drawDanger = (r: Random): Step => drawnFrom(r, r.weighted(dangerous));

function drawnFrom(r: Random, name: keyof typeof drawn): Step {
  return { after: r.below(6), do: name, ...drawn[name].draw(r) } as Step;
}
