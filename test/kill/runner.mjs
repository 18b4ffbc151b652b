/**
 * One life of a fleet, to be killed: `node runner.mjs LOG FLEET.json` begins it, without a fleet file it goes on. Says each
 * durable event on a line of its own, those of the recovery too, and `idle` and `stopped` at the end.
 */
import { readFileSync, writeSync } from 'node:fs';
import { Life } from '../../dist/src/engine/life.js';
import { liveWorld, newId, openLog } from '../../dist/src/live.js';

const [dir, file] = process.argv.slice(2);
// At once: what is in a buffer when the process is killed would be news that nobody hears.
const say = (line) => writeSync(1, `${line}\n`);

say('born');
const log = await openLog(dir);
say('open');
log.follow((events) => {
  for (const { position, type } of events) say(`${position} ${type}`);
});
const fresh =
  file === undefined || log.head().position > 0
    ? undefined
    : { fleetId: newId(), cwd: process.cwd(), file: JSON.parse(readFileSync(file, 'utf8')) };
const life = await Life.begin(liveWorld(dir, log), fresh);
await life.engine.whenIdle();
say('idle');
await life.stop('nothing left to do');
say('stopped');
