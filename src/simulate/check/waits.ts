/** MA5, SL10: a wait is answered as soon as there is mail or nothing to wait for, and who only waits gives back its slot. */
import { hasWait, isBusy, type KnownCell, onlyWaits } from './cellPicture.ts';
import type { Checker } from './checker.ts';
import { willBeNotified } from './knownProcess.ts';
import type { Picture, RunningTurn, Tree } from './picture.ts';
import { holds } from './violation.ts';
import { inWait } from './waiting.ts';

/** For the sync of what answers a wait whose time is over. */
const overdueMs = 1_000;

/** `steady`: the clocks of all lives of the engine agree, so that the times of events can be held against deadlines. */
export interface WaitChecker extends Checker {
  /** The engine is asked to stop: it lets no turn go on, and there may be nothing to record about that. */
  readonly stopping: () => void;
}

export function waits(steady: boolean): WaitChecker {
  let lifeAt = 0;
  return {
    stopping: () => {
      lifeAt = Infinity;
    },
    after: (picture, batch) => {
      const [first] = batch;
      if (first?.type === 'EngineStarted') lifeAt = picture.at;
      if (steady) {
        for (const { calls, agent } of picture.turns.values()) inTime(picture, calls, agent.path, lifeAt);
        for (const { calls, agent } of picture.cells.values()) inTime(picture, calls, agent.path, lifeAt);
      }
      for (const tree of picture.trees.values()) judge(picture, tree);
    },
  };
}

function judge(picture: Picture, tree: Tree): void {
  const { position } = picture;
  for (const agent of tree.agents) {
    const { turn } = agent;
    const waiters: (RunningTurn | KnownCell)[] = [...agent.cells.values()].filter(hasWait);
    if (turn !== undefined && waiting(turn)) waiters.push(turn);
    for (const waiter of waiters) {
      const untold = agent.unread.find((letter) => letter.position > agent.told);
      holds(
        untold === undefined,
        'MA5',
        position,
        () => `${agent.path} waits, and the mail of event ${untold?.position} is there`,
      );
      const pointless = agent.unread.length === 0 && !willBeNotified(agent) && !othersAreBusy(tree, waiter);
      holds(
        !pointless || waitsForItself(waiter),
        'MA5',
        position,
        () => `${agent.path} waits, and there is nothing to wait for`,
      );
    }
    const mustPark = turn !== undefined && picture.queueing && agent.parent !== undefined && inWait(turn);
    holds(!mustPark || turn?.parked === true, 'SL10', position, () => `${agent.path} only waits and keeps its slot`);
  }
}

const othersAreBusy = (tree: Tree, waiter: RunningTurn | KnownCell): boolean =>
  tree.agents.some((agent) => {
    const { turn, entry, cells } = agent;
    // Who is in wait goes on by itself when a process of its agent will notify it.
    const notified = willBeNotified(agent);
    return (
      (turn !== waiter && (busy(turn, entry !== undefined) || (turn !== undefined && notified))) ||
      [...cells.values()].some((cell) => cell !== waiter && (isBusy(cell) || (notified && onlyWaits(cell))))
    );
  });

/** TU6: a wait keeps its first deadline through crashes; what is over when the engine starts ends then. */
function inTime(
  picture: Picture,
  calls: ReadonlyMap<string, { readonly tool: string; readonly until: number | undefined }>,
  path: string,
  lifeAt: number,
): void {
  for (const { tool, until } of calls.values()) {
    if (until === undefined || tool !== 'wait_agent') continue;
    const late = picture.at - Math.max(until, lifeAt);
    holds(late <= overdueMs, 'TU6', picture.position, () => `a wait of ${path} is ${late} ms overdue`);
  }
}

const waiting = (turn: RunningTurn): boolean => {
  for (const { tool } of turn.calls.values()) if (tool === 'wait_agent') return true;
  return false;
};

/** A list is decided call by call, each in a batch of its own: while calls are undecided no wait is judged for good. */
const waitsForItself = (waiter: RunningTurn | KnownCell): boolean =>
  'undecided' in waiter ? waiter.undecided.length > 0 : [...waiter.calls.values()].some(({ started }) => !started);

const busy = (turn: RunningTurn | undefined, queued: boolean): boolean =>
  queued || (turn !== undefined && (!inWait(turn) || (turn.parked && turn.calls.size === 0)));
