/** The main job with models at a server, killed in the middle of streams and calls: what is recorded is not asked for again. */
import { afterEach, describe, expect, test } from 'vitest';
import { fleetFile } from '../fleets/lived.ts';
import { kinds, scripted, served } from '../models/at.ts';
import { Accounts, answered } from './accounts.ts';
import { dice } from './dice.ts';
import { Lives } from './lives.ts';
import { withTraces } from './traces.ts';

const long = process.env.HOLDFAST_LONG !== undefined;
const opened: Lives[] = [];
afterEach(() => {
  for (const lives of opened.splice(0)) lives.remove();
});

describe('a fleet of models that is killed', () => {
  // In all 50 kills in the long run, and 3 in the short one.
  const plans = Array.from({ length: long ? 10 : 1 }, (_, i) => ({
    seed: 700 + i,
    kind: kinds[i % 2]!,
    kills: long ? 5 : 3,
  }));
  test.each(plans)(
    '[MO5][TU6] asks for no recorded answer again and does nothing twice ($kind, $kills kills, seed $seed)',
    { timeout: 180_000 },
    async ({ seed, kind, kills }) => {
      const { fleet, traces } = withTraces(fleetFile('main'), false);
      const { server, baseUrl } = await scripted({ scripts: fleet.scripts!, thinks: true });
      const lives = new Lives({ ...fleet, models: served(kind, baseUrl) }, seed % 4 < 2 ? 'command line' : 'library');
      opened.push(lives);
      const roll = dice(seed);
      const again: string[] = [];
      let done = false;
      for (let kill = 0; kill <= kills && !done; kill += 1) {
        const before = kill === 0 ? new Set<string>() : answered(await lives.events());
        const from = server.asked.length;
        const last = kill === kills;
        // Some moments are events, others are somewhere between two of them.
        done = await lives.live(last ? Number.POSITIVE_INFINITY : 1 + roll(80), { laterMs: roll(2) * roll(40) });
        const asked = server.asked.slice(from).map(({ path, n }) => `${path} ${n}`);
        again.push(...asked.filter((what) => before.has(what)));
        // Within one life nothing is asked for twice either.
        again.push(...asked.filter((what, i) => asked.indexOf(what) !== i));
      }
      expect(again).toEqual([]);
      const events = await lives.events();
      const accounts = new Accounts().add(events);
      expect(accounts.faults).toEqual([]);
      expect(accounts.finished()).toEqual([]);
      const carriedOut = lives.traces();
      expect(carriedOut.filter((line, i) => carriedOut.indexOf(line) !== i)).toEqual([]);
      // A command that is stopped on order may be stopped before its first line.
      expect(traces.filter((line) => !carriedOut.includes(line)).length).toBeLessThanOrEqual(1);
      expect(events.filter(({ type }) => type === 'EngineStarted').length).toBeGreaterThan(1);
    },
  );
});
