/** Virtual time as the engine's clock: timers are tasks of the schedule and die with the life that set them. */
import type { Clock } from '../engine/clock.ts';
import type { Schedule } from './schedule.ts';

/** `skewMs`: how far this machine's clock is from the world's. */
export const virtualClock = (schedule: Schedule, life: number, skewMs: () => number): Clock => ({
  now: () => schedule.now + skewMs(),
  after: (ms, then) => schedule.add('a timer', ms, life, then),
});
