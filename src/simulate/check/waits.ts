/** MA5, SL10: a wait is answered as soon as there is mail or nothing to wait for, and who only waits gives back its slot. */
import type { Checker } from './checker.ts';
import { inWait, type Picture, type RunningTurn, type Tree } from './picture.ts';
import { holds } from './violation.ts';

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
      if (steady) for (const turn of picture.turns.values()) inTime(picture, turn, lifeAt);
      for (const tree of picture.trees.values()) judge(picture, tree);
    },
  };
}

function judge(picture: Picture, tree: Tree): void {
  const { position } = picture;
  for (const agent of tree.agents) {
    const { turn } = agent;
    if (turn === undefined || !waiting(turn)) continue;
    const untold = agent.unread.find((letter) => letter.position > agent.told);
    holds(
      untold === undefined,
      'MA5',
      position,
      () => `${agent.path} waits, and the mail of event ${untold?.position} is there`,
    );
    const pointless =
      agent.unread.length === 0 &&
      !tree.agents.some((other) => other !== agent && busy(other.turn, other.entry !== undefined));
    holds(
      !pointless || waitsForItself(turn),
      'MA5',
      position,
      () => `${agent.path} waits, and there is nothing to wait for`,
    );
    const mustPark = picture.queueing && agent.parent !== undefined && inWait(turn);
    holds(!mustPark || turn.parked, 'SL10', position, () => `${agent.path} only waits and keeps its slot`);
  }
}

/** TU6: a wait keeps its first deadline through crashes; what is over when the engine starts ends then. */
function inTime(picture: Picture, { calls, agent }: RunningTurn, lifeAt: number): void {
  for (const { until } of calls.values()) {
    if (until === undefined) continue;
    const late = picture.at - Math.max(until, lifeAt);
    holds(late <= overdueMs, 'TU6', picture.position, () => `a wait of ${agent.path} is ${late} ms overdue`);
  }
}

const waiting = (turn: RunningTurn): boolean => {
  for (const { tool } of turn.calls.values()) if (tool === 'wait_agent') return true;
  return false;
};

/** A list is decided call by call, each in a batch of its own: while calls are undecided no wait is judged for good. */
const waitsForItself = (turn: RunningTurn): boolean => turn.undecided.length > 0;

const busy = (turn: RunningTurn | undefined, queued: boolean): boolean =>
  queued || (turn !== undefined && (!inWait(turn) || (turn.parked && turn.calls.size === 0)));
