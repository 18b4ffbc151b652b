/** What befalls a fleet from outside: readers, histories that are too long, crashes, orderly stops, hosts that die. */
import { Random } from '../random.ts';
import { happening } from './step.ts';

/** `synced`: what the disk was writing is on it. `skewMs`: how far the clock is off on which it starts again. */
export interface Crash {
  readonly synced: boolean;
  /** The whole machine goes down, and what was not synced with it. */
  readonly power?: boolean;
  /** It was in the middle of keeping a secret. */
  readonly torn?: boolean;
  readonly skewMs: number;
}

/** A little too long, far too long, or hopeless. */
const overflows = (percent: number): number => (percent < 50 ? 1 : percent < 100 ? 2 : 5);

export const faultSteps = {
  look: happening<object>({
    weight: 4,
    draw: () => ({}),
    says: () => 'read the state',
    happen: (driver) => driver.read(),
  }),
  compact: happening<{ readonly which: number; readonly percent: number }>({
    weight: 2,
    without: 50,
    draw: (r) => ({ which: r.below(8), percent: r.pick([30, 70, 100]) }),
    says: ({ which, percent }) => `the history of running agent ${which} is too long, ${overflows(percent)} times`,
    happen: (driver, { which, percent }) => driver.overflow(which, overflows(percent)),
  }),
  crash: happening<Crash>({
    weight: 8,
    without: 35,
    often: { percent: 30, times: 4 },
    draw: (r) => ({
      synced: r.chance(50),
      ...(r.chance(40) && { power: true }),
      ...(r.chance(20) && { torn: true }),
      skewMs: r.chance(15) ? r.between(-100_000, 100_000) : 0,
    }),
    says: ({ synced, power, torn, skewMs }) =>
      `${power === true ? 'power cut' : 'crash'} ${torn === true ? 'in the middle of a secret, ' : ''}${synced ? 'after' : 'before'} the sync${skewMs === 0 ? '' : `, clock off by ${skewMs} ms`}`,
    plainer: (step) => (step.skewMs === 0 ? [] : [{ ...step, skewMs: 0 }]),
    happen: async ({ world }, { synced, power = false, torn, skewMs }) => {
      await world.crash({ synced, power });
      if (torn === true) world.secrets?.tear();
      world.skewMs = skewMs;
    },
  }),
  damage: happening<{ readonly chance: number }>({
    weight: 2,
    without: 70,
    draw: (r) => ({ chance: r.next() }),
    says: () => 'crash, and look at damaged copies of the disk',
    happen: async ({ world }, { chance }) => {
      await world.crash({ synced: true, power: false });
      await world.disk.damage?.(new Random(chance));
    },
  }),
  loseSecrets: happening<{ readonly chance: number }>({
    weight: 2,
    without: 80,
    draw: (r) => ({ chance: r.next() }),
    says: () => 'crash, and take lines out of the file of secrets',
    happen: async ({ world }, { chance }) => {
      await world.crash({ synced: true, power: false });
      world.secrets?.lose(new Random(chance));
    },
  }),
  restart: happening<object>({
    weight: 2,
    draw: () => ({}),
    says: () => 'stop in order and resume',
    happen: (driver) => driver.restart(),
  }),
  stay: happening<object>({
    weight: 1,
    without: 60,
    draw: () => ({}),
    says: () => 'stop in order and open it for its processes alone',
    happen: (driver) => driver.stay(),
  }),
  killHost: happening<{ readonly childrenToo: boolean }>({
    weight: 2,
    without: 60,
    often: { percent: 12, times: 6 },
    draw: (r) => ({ childrenToo: r.chance(50) }),
    says: ({ childrenToo }) => `kill the host${childrenToo ? ' and its children' : ''}`,
    happen: ({ world }, { childrenToo }) => {
      world.hosts.kill(childrenToo);
    },
  }),
  killChild: happening<{ readonly which: number }>({
    weight: 4,
    without: 40,
    draw: (r) => ({ which: r.below(8) }),
    says: ({ which }) => `a process that runs dies of its own (number ${which}, counted round)`,
    happen: ({ world }, { which }) => {
      const { running } = world.hosts;
      running[which % Math.max(running.length, 1)]?.end(null, 'SIGKILL');
    },
  }),
};
