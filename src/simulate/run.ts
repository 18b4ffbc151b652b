/** Runs one history: its steps in a world full of faults, then calm until everything is at rest, then a stop in order. */
import type { Life } from '../engine/life.ts';
import { isBusy } from './check/cellPicture.ts';
import { sameFolds, wholeChain } from './check/folds.ts';
import type { Picture } from './check/picture.ts';
import { noSlotHeld } from './check/slots.ts';
import { holds } from './check/violation.ts';
import { answering } from './clients.ts';
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
  await settled(driver);
  atRest(world);
  await driver.stopped('leave');
  left(world);
  const life = await cleaned(driver);
  const log = world.log!;
  await driver.stopped('end');
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

/** At rest, and nothing is to come any more: every program that ends by itself has ended, and whoever is told of it has rested. */
async function settled(driver: Driver): Promise<Life> {
  for (;;) {
    const life = await rest(driver);
    let quiet = true;
    while (await driver.deliver()) quiet = false;
    if (quiet && driver.world.life === life) return life;
  }
}

/** The next life takes over what the last one has left, and ends what nobody holds. */
async function cleaned(driver: Driver): Promise<Life> {
  await settled(driver);
  const { world } = driver;
  const { all } = world.inspector.processes;
  const detached = [...all.values()].filter((seen) => !seen.ended && seen.place === 'detached');
  let life: Life;
  let crashes: number;
  // Who dies before the sync has cleaned nothing.
  do {
    ({ crashes } = world);
    driver.ask({ do: 'clean' });
    life = await settled(driver);
  } while (world.crashes !== crashes);
  const { position } = world.inspector.picture;
  for (const seen of detached) holds(seen.ended, 'PR7', position, () => `process ${seen.processId} survives a clean`);
  return life;
}

/** Faults have stopped: everything pending ends within a bound of virtual time. The life in which it does. */
async function rest(driver: Driver): Promise<Life> {
  const { world } = driver;
  const until = world.schedule.now + restMs;
  for (;;) {
    await driver.ready();
    const life = world.life!;
    const { engine } = life;
    world.clients.goAll();
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
  if (visited(world)) return void (await world.settle());
  // Only a model that hangs and a script that spins may go on for ever, and a question; they are ended.
  const { hanging, spinning } = world;
  const open = [...picture.questions.open.keys()];
  holds(
    hanging.length + spinning.length + open.length > 0,
    'LIVE',
    position,
    () => `nothing is to come and there is no rest: ${pending(picture)}`,
  );
  for (const approvalId of open)
    driver.ask({ do: 'answerApproval', approvalId, answer: Number(approvalId) % 3 === 0 ? 'deny' : 'allow' });
  for (const cellId of spinning) driver.ask({ do: 'terminateCell', cellId });
  for (const target of hanging) driver.ask({ do: 'interrupt', target, cascade: false });
  await world.settle();
}

/** Agents whose client is away wait for it for ever, and a client that stays is never at rest: it comes, answers, and goes. */
function visited({ clients, life, inspector: { picture } }: World): boolean {
  const waiting = [...picture.turns.values()].filter(
    ({ sampling, parked, agent }) => sampling && !parked && agent.answeredBy,
  );
  if (clients.isThere(answering)) {
    // Nothing is to come any more: who has not been asked by now never is.
    holds(waiting.length === 0, 'CL4', picture.position, () => `a client is there, and not asked: ${pending(picture)}`);
    clients.goAll();
    return true;
  }
  if (waiting.length === 0) return false;
  clients.come(answering, life!);
  return true;
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

function atRest({ inspector: { picture, processes }, hosts, clients }: World): void {
  noSlotHeld(picture);
  hosts.people.rested();
  clients.rested();
  for (const cell of picture.cells.values())
    holds(!isBusy(cell), 'LIVE', picture.position, () => `the engine says idle, and cell ${cell.id} goes on`);
  const running = new Set(hosts.running.map((process) => process.started.processId));
  const open = new Set(processes.open());
  for (const { started, inputs } of hosts.processes.values()) {
    const asked = processes.writes.get(started.processId) ?? 0;
    const what = `process ${started.processId} was written to ${inputs} times for ${asked} calls`;
    holds(inputs <= asked, 'TU6', picture.position, () => what);
  }
  const over = [...open].find((id) => !running.has(id));
  holds(over === undefined, 'PR6', picture.position, () => `process ${over} has ended, and the log does not say so`);
  const alive = [...running].find((id) => !open.has(id));
  holds(
    alive === undefined,
    'PR6',
    picture.position,
    () => `process ${alive} runs, and the log says that it has ended`,
  );
  holds(picture.turns.size === 0, 'LIVE', picture.position, () => `the engine says idle: ${pending(picture)}`);
}

/** After a stop in order that leaves processes to their host: nobody holds them. */
function left({ inspector: { picture, processes } }: World): void {
  const held = [...processes.all.values()].find((seen) => !seen.ended && seen.place === 'attached');
  holds(held === undefined, 'PR5', picture.position, () => `process ${held?.processId} is held by a stopped engine`);
}

/** After a stop in order that ends them. */
function stopped({ inspector, effects, hosts, workspaces }: World): void {
  const { position } = inspector.picture;
  if (workspaces !== undefined) inspector.workspaces.rested(inspector.picture, workspaces.trees);
  const open = inspector.processes.open().join(', ');
  holds(open === '', 'PR1', position, () => `after a stop in order processes ${open} have no end`);
  const running = hosts.running.map((process) => process.started.processId).join(', ');
  holds(running === '', 'PR1', position, () => `after a stop in order processes ${running} run`);
  effects.told();
  hosts.keyboards.told();
  inspector.linear.settled();
}
