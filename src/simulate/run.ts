/** Runs one history: its steps in a world full of faults, then calm until everything is at rest, then a stop in order. */
import type { Life } from '../engine/life.ts';
import { isBusy } from './check/cellPicture.ts';
import { sameFolds, wholeChain } from './check/folds.ts';
import type { Picture } from './check/picture.ts';
import { noSlotHeld } from './check/slots.ts';
import { holds } from './check/violation.ts';
import { Driver, type Kill } from './driver.ts';
import type { History } from './history.ts';
import { type Own, withFleet } from './own.ts';
import { mix, Random } from './random.ts';
import type { World } from './world.ts';

/** Virtual time in which everything pending ends once faults have stopped: longer than any wait and any retry. */
const restMs = 3_600_000;

export interface Report {
  readonly steps: number;
  /** Batches: commands that changed something, from outside and inside. */
  readonly batches: number;
  readonly events: number;
  readonly crashes: number;
  readonly syncFailures: number;
  /** Completions that were delivered. */
  readonly completions: number;
  /** Hash of the whole log: the same for the same history on every machine. */
  readonly logHash: string;
}

export interface RunOptions extends Own {
  /** The costlier of the checks: I13 and the whole hash chain. */
  readonly thorough?: boolean;
  readonly kills?: readonly Kill[];
  /** Called with the world before anything happens in it: whoever runs a history may look at it when it is over or has failed. */
  readonly onWorld?: (world: World) => void;
}

export async function runHistory(
  history: History,
  { thorough = false, kills = [], onWorld, fleet, ...own }: RunOptions = {},
): Promise<Report> {
  const random = new Random(mix(history.seed, 'folds'));
  const folds = ({ state }: Life) => sameFolds(world.events, state, random);
  const driver = new Driver(withFleet(history, fleet), kills, thorough ? folds : undefined, own);
  const { world } = driver;
  onWorld?.(world);
  await driver.steps();
  world.calm();
  const life = await rest(driver);
  atRest(world);
  const log = world.log!;
  driver.stop();
  await world.settle();
  while (world.alive) holds(await world.step(), 'LIVE', world.events.length, () => 'a stop in order does not end');
  world.look();
  stopped(world);
  if (thorough) {
    folds(life);
    await wholeChain(log);
  }
  return {
    steps: history.steps.length,
    batches: world.disk.batches,
    events: world.events.length,
    crashes: world.crashes,
    syncFailures: world.disk.syncs.failures,
    completions: driver.delivered,
    logHash: log.head().hash,
  };
}

/** Faults have stopped: everything pending ends within a bound of virtual time. The life in which it does. */
async function rest(driver: Driver): Promise<Life> {
  const { world } = driver;
  const until = world.schedule.now + restMs;
  for (;;) {
    await driver.ready();
    const life = world.life!;
    const { engine } = life;
    // Without a slot nobody's turn would ever come.
    if (engine.state.fleet.limits.activeTurns === 0) driver.ask({ do: 'changeLimits', limits: { activeTurns: 1 } });
    let idle = false;
    const note = () => {
      idle = true;
    };
    engine.whenIdle().then(note, () => {});
    await world.settle();
    while (!idle && world.life === life) await nearer(driver, until);
    if (world.life === life) return life;
  }
}

/** One completion nearer to rest. */
async function nearer(driver: Driver, until: number): Promise<void> {
  const { world } = driver;
  const { picture } = world.inspector;
  const { position } = picture;
  holds(world.schedule.now <= until, 'LIVE', position, () => `no rest within ${restMs} ms: ${pending(picture)}`);
  if (await driver.deliver()) return;
  // Only a model that hangs and a script that spins may go on for ever; they are ended.
  const { hanging, spinning } = world;
  holds(
    hanging.length + spinning.length > 0,
    'LIVE',
    position,
    () => `nothing is to come and there is no rest: ${pending(picture)}`,
  );
  for (const cellId of spinning) driver.ask({ do: 'terminateCell', cellId });
  for (const target of hanging) driver.ask({ do: 'interrupt', target, cascade: false });
  await world.settle();
}

function pending(picture: Picture): string {
  const turns = [...picture.turns.values()].map(({ agent, parked, sampling, calls }) => {
    const what = sampling ? 'sampling' : [...calls.values()].map((call) => call.tool).join(', ');
    return `${agent.path} ${parked ? 'parked ' : ''}(${what})`;
  });
  const queued = [...picture.trees.values()].flatMap((tree) => tree.queue.map((entry) => `${entry.agent.path} queued`));
  const cells = [...picture.cells.values()].filter(isBusy).map(({ id, calls }) => {
    return `cell ${id} (${[...calls.values()].map((call) => call.tool).join(', ')})`;
  });
  return [...turns, ...queued, ...cells].join('; ') || 'nobody runs or waits';
}

function atRest({ inspector: { picture } }: World): void {
  noSlotHeld(picture);
  for (const cell of picture.cells.values())
    holds(!isBusy(cell), 'LIVE', picture.position, () => `the engine says idle, and cell ${cell.id} goes on`);
  holds(picture.turns.size === 0, 'LIVE', picture.position, () => `the engine says idle: ${pending(picture)}`);
}

/** After a stop in order. */
function stopped({ inspector, effects, hosts }: World): void {
  const { position } = inspector.picture;
  const open = inspector.processes.open().join(', ');
  holds(open === '', 'PR1', position, () => `after a stop in order processes ${open} have no end`);
  const running = hosts.running.map((process) => process.started.processId).join(', ');
  holds(running === '', 'PR1', position, () => `after a stop in order processes ${running} run`);
  effects.told();
  inspector.linear.settled();
}
