/** Code cells through the whole engine: what they ask for, what they are given and where they stand is in the log. */
import type { CellPolicy } from '../../events/cell.ts';
import { defaultCellLimits } from '../cells/limits.ts';
import { pooledCells } from '../cells/pool.ts';
import { Life } from '../engine/life.ts';
import { liveWorld, newId, openLog } from '../live.ts';
import { answers, silence } from './models.ts';
import { quantile, timed } from './rounds.ts';

/** Calls that each of some cells makes, and waits for, together. */
export interface Crowd {
  readonly cells: number;
  readonly parallel: number;
}

/** As many as a fleet may have without saying more, half of them; each waits for as many calls as it may. */
export const many: Crowd = { cells: 16, parallel: 256 };
export const one: Crowd = { cells: 1, parallel: 1_000 };

/** A root that says nothing, and cells that are made for it. */
export class CellFleet {
  readonly #life: Life;

  private constructor(life: Life) {
    this.#life = life;
  }

  static async open(dir: string): Promise<CellFleet> {
    const log = await openLog(dir);
    const models = () => answers(() => silence);
    const cells = { runtime: pooledCells(), limits: { ...defaultCellLimits, pendingCalls: one.parallel } };
    const file = { roots: [{ name: 'root', prompt: 'Wait.', model: 'script' }] };
    return new CellFleet(
      await Life.begin({ ...liveWorld(dir, log), cells, models }, { fleetId: newId(), cwd: dir, file }),
    );
  }

  async #create(source: string, policy: CellPolicy): Promise<string> {
    const command = { do: 'createCell', target: '/root', source, policy } as const;
    const answer = await this.#life.engine.submit<{ cellId: string }>(command, { by: 'operator' });
    if (!answer.ok) throw new Error(answer.refusal.message);
    return answer.answer.cellId;
  }

  /** Until it ends, or stands at a frontier. */
  async #stands(cellId: string): Promise<void> {
    const answer = await this.#life.cells.door.observe(cellId, { mode: 'frontier', waitMs: Number.POSITIVE_INFINITY });
    if (!answer.ok) throw new Error(answer.refusal.message);
  }

  /** Median of ms from the request for a cell to its first frontier, both durable. */
  async frontierMs(times: number): Promise<number> {
    const took: number[] = [];
    for (let i = 0; i < times; i += 1) {
      let cellId = '';
      took.push(
        await timed(async () => {
          cellId = await this.#create('await new Promise(() => {})', 'PauseAtPendingFrontier');
          await this.#stands(cellId);
        }),
      );
      await this.#life.engine.submit({ do: 'terminateCell', cellId });
    }
    return quantile(took, 0.5);
  }

  /** Calls per second of tools that the engine decides itself, of several cells together. */
  async callRate({ cells, parallel }: Crowd, rounds: number): Promise<number> {
    const source = `for (let n = 0; n < ${rounds}; n += 1) await Promise.all(Array.from({ length: ${parallel} }, () => tools.list_agents({})))`;
    const ms = await timed(() =>
      Promise.all(
        Array.from({ length: cells }, async () => {
          await this.#stands(await this.#create(source, 'ContinueWhenUnblocked'));
        }),
      ),
    );
    return (rounds * cells * parallel * 1000) / ms;
  }

  async close(): Promise<void> {
    await this.#life.stop('bench');
  }
}
