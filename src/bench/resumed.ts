/** The process that `resume.ts` starts and kills: `node resumed.js <log folder> <tasks to give>`. */
import { Life } from '../engine/life.ts';
import { liveWorld, openLog } from '../live.ts';
import { answers, silence, whenever } from './models.ts';

export interface Resumed {
  readonly openMs: number;
  /** Until the first resumed turn asked its model; 0 when there was none. */
  readonly firstMs: number;
}

const [dir = '', tasks = '0'] = process.argv.slice(2);
const start = performance.now();
const asked = whenever<number>();
const log = await openLog(dir);
const openMs = performance.now() - start;
const model = answers(() => {
  asked.resolve(performance.now() - start);
  return silence;
});
const { engine } = await Life.begin({ ...liveWorld(dir, log), models: () => model });
const given = Number(tasks);
if (given > 0) {
  await engine.submit({ do: 'changeLimits', limits: { activeTurns: 1_000 } });
  const idle = Object.values(engine.state.agents).filter((a) => a.parentId !== undefined && a.turnId === undefined);
  await Promise.all(
    idle
      .slice(-given)
      .map(({ agentId }) => engine.submit({ do: 'send', target: agentId, text: 'Go on.', followup: true })),
  );
}
const message: Resumed = { openMs, firstMs: await asked.promise };
process.send!(message);
