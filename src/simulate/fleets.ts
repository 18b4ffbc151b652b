/**
 * Kinds of fleets beside the plain one: registered, visited, attended, thrifty, apart, forgetful, manned, questioned, impatient, served, renewing, crowded. Each is drawn from chance of its
 * own, so that what is new in one kind leaves the histories of the others as they were.
 */
import type { Approvals, Budget } from '../../events/fleetFile.ts';
import type { History } from './history.ts';
import { mix, Random } from './random.ts';
import type { RegistrarTemper } from './registrar.ts';
import type { ModelTemper } from './says.ts';
import { drawParting } from './steps/apart.ts';
import { drawAttention } from './steps/attended.ts';
import { drawImpatience } from './steps/cells.ts';
import { drawService, drawVisit } from './steps/clients.ts';
import { drawErasure } from './steps/forgetful.ts';
import type { Step } from './steps/kinds.ts';
import { drawInterruption, drawPause } from './steps/pause.ts';
import { drawDanger, drawPerson } from './steps/people.ts';
import { drawRevocation, drawTrouble } from './steps/registrar.ts';
import { drawThrift } from './steps/thrifty.ts';
import type { WorkspaceTemper } from './workspaces.ts';

/** So many more steps at places that chance gives. */
function among(r: Random, steps: readonly Step[], count: number, draw: (r: Random) => Step): Step[] {
  const all = [...steps];
  for (let n = 0; n < count; n += 1) all.splice(r.below(all.length + 1), 0, draw(r));
  return all;
}

/** Its models, and its clients, call some tools so many times as often. */
const liking = ({ models, ...setup }: History['setup'], likes: ModelTemper['likes']): History['setup'] => ({
  ...setup,
  models: { ...models, likes: { ...models.likes, ...likes } },
});

/** Fleets that are registered. */
const registeredPercent = 40;

function registered(history: History): History {
  const r = new Random(mix(history.seed, 'registrar'));
  if (!r.chance(registeredPercent)) return history;
  const often = (percent: number, value: number) => (r.chance(percent) ? value : 0);
  const registrar: RegistrarTemper = {
    slow: often(60, 40),
    fails: often(40, 20),
    hangs: often(25, 8),
    ttlMs: r.chance(40) ? r.between(1_000, 20_000) : 0,
    forgets: r.chance(25),
    strict: r.chance(12),
  };
  const steps = among(r, history.steps, r.chance(70) ? r.between(1, 8) : 0, drawTrouble);
  return { ...history, setup: { ...history.setup, registrar }, steps };
}

/** Fleets that clients come to. */
const visitedPercent = 25;

function visited(history: History): History {
  const r = new Random(mix(history.seed, 'clients'));
  if (!r.chance(visitedPercent)) return history;
  return { ...history, steps: among(r, history.steps, r.between(5, 25), drawVisit) };
}

/** Fleets that ask people. */
const attendedPercent = 25;

function attended(history: History): History {
  const r = new Random(mix(history.seed, 'attended'));
  if (!r.chance(attendedPercent)) return history;
  const approvals: Approvals = {
    mode: r.pick(['ask', 'ask', 'ask', 'auto', 'deny']),
    ...(r.chance(50) && { allow: [r.pick(['true', 'make', 'cat', 'sleep 9'])] }),
    ...(r.chance(50) && { deny: [r.pick(['yes', 'make', 'sleep *'])] }),
    ...(r.chance(50) && { park: true }),
  };
  const steps = among(r, history.steps, r.between(0, 10), drawAttention);
  return { ...history, setup: { ...history.setup, approvals }, steps };
}

/** Fleets whose models may cost only so much: a turn of the world uses some thousand tokens. */
const thriftyPercent = 15;

function thrifty(history: History): History {
  const r = new Random(mix(history.seed, 'thrifty'));
  if (!r.chance(thriftyPercent)) return history;
  const perAgent = { tokens: r.between(1, 30) * 1_000 };
  const priced = r.chance(50);
  const budget: Budget = {
    ...(r.chance(60) && { tokens: r.between(0, 80) * 1_000 }),
    ...(priced && r.chance(60) && { money: r.between(1, 200) / 1_000 }),
    ...(r.chance(50) && { perAgent }),
  };
  const prices = {
    script: { input: 1, output: 2 },
    other: { input: 3, output: 5, cachedInput: 1 },
    client: { input: 1, output: 1 },
  };
  const steps = among(r, history.steps, r.between(1, 8), drawThrift);
  return { ...history, setup: { ...history.setup, spending: { budget, ...(priced && { prices }) } }, steps };
}

/** Fleets whose agents work in worktrees of their own. */
const apartPercent = 20;

function apart(history: History): History {
  const r = new Random(mix(history.seed, 'apart'));
  if (!r.chance(apartPercent)) return history;
  const often = (percent: number, value: number) => (r.chance(percent) ? value : 0);
  const workspaces: WorkspaceTemper = { slow: often(60, 40), fails: often(40, 20), works: r.pick([0, 30, 100]) };
  const roots = history.setup.roots.map((root) => ({ ...root, workspace: 'worktree' as const }));
  const steps = among(r, history.steps, r.between(2, 12), drawParting);
  return { ...history, setup: { ...history.setup, roots, workspaces }, steps };
}

/** Fleets of which something is to be forgotten. */
const forgetfulPercent = 12;

function forgetful(history: History): History {
  const r = new Random(mix(history.seed, 'forgetful'));
  if (!r.chance(forgetfulPercent)) return history;
  return { ...history, steps: among(r, history.steps, r.between(3, 8), drawErasure) };
}

/** Fleets at whose terminals people sit. */
const mannedPercent = 20;

function manned(history: History): History {
  const r = new Random(mix(history.seed, 'manned'));
  if (!r.chance(mannedPercent)) return history;
  const steps = among(r, history.steps, r.between(6, 30), r.chance(30) ? drawDanger : drawPerson);
  return { ...history, setup: liking(history.setup, { exec_command: 6 }), steps };
}

/** Fleets whose clients ask their people. */
const questionedPercent = 8;

function questioned(history: History): History {
  const r = new Random(mix(history.seed, 'questioned'));
  if (!r.chance(questionedPercent)) return history;
  const approvals: Approvals = { mode: 'ask', ...(r.chance(50) && { park: true }) };
  const visits = among(r, history.steps, r.between(8, 25), drawVisit);
  const steps = among(r, visits, r.between(0, 8), drawAttention);
  const setup = liking(history.setup, { exec_command: 8 });
  return { ...history, setup: { ...setup, approvals: setup.approvals ?? approvals }, steps };
}

/** Fleets whose cells are terminated, and asked about afterwards. */
const impatientPercent = 8;

function impatient(history: History): History {
  const r = new Random(mix(history.seed, 'impatient'));
  if (!r.chance(impatientPercent)) return history;
  const setup = liking(history.setup, { wait: 8 });
  const models = { ...setup.models, cells: 25 };
  const limits = { ...setup.limits, cells: Math.max(3, setup.limits.cells) };
  const steps = among(r, history.steps, r.between(3, 10), drawImpatience);
  return { ...history, setup: { ...setup, limits, models }, steps };
}

/** Fleets of a client that answers for the agents that it spawns. */
const servedPercent = 8;

function served(history: History): History {
  const r = new Random(mix(history.seed, 'served'));
  if (!r.chance(servedPercent)) return history;
  const steps = among(r, history.steps, r.between(8, 25), drawService);
  return { ...history, setup: liking(history.setup, { spawn_agent: 6 }), steps };
}

/** Fleets whose tasks are short, and taken back while models look at them. */
const renewingPercent = 5;

function renewing(history: History): History {
  const r = new Random(mix(history.seed, 'renewing'));
  if (!r.chance(renewingPercent)) return history;
  const well = { fails: 0, hangs: 0, forgets: false, strict: false };
  const registrar: RegistrarTemper = { ...well, slow: 60, ttlMs: r.between(300, 3_000) };
  const steps = among(r, history.steps, r.between(3, 10), drawRevocation);
  return { ...history, setup: { ...history.setup, registrar }, steps };
}

/** Fleets of more agents than there is room for, which pause again and again, and are interrupted while they wait. */
const crowdedPercent = 8;

function crowded(history: History): History {
  const r = new Random(mix(history.seed, 'crowded'));
  if (!r.chance(crowdedPercent)) return history;
  const setup = liking(history.setup, { spawn_agent: 5 });
  const { depth, activeTurns } = setup.limits;
  const limits = {
    ...setup.limits,
    residents: r.between(1, 3),
    depth: Math.max(2, depth),
    activeTurns: Math.max(2, activeTurns),
  };
  const steps = [...history.steps];
  for (let pauses = r.between(1, 3); pauses > 0; pauses -= 1) {
    const pause = among(r, drawPause(r), r.between(0, 3), drawInterruption);
    steps.splice(r.below(steps.length + 1), 0, ...pause);
  }
  return { ...history, setup: { ...setup, limits }, steps };
}

export const ofItsKind = (plain: History): History =>
  [
    registered,
    visited,
    attended,
    thrifty,
    apart,
    forgetful,
    manned,
    questioned,
    impatient,
    served,
    renewing,
    crowded,
  ].reduce((history, kind) => kind(history), plain);
