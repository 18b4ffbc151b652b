/** MA5, SL10: a wait is answered as soon as there is mail or nothing to wait for, and who only waits gives back its slot. */
import type { Checker } from './checker.ts';
import { inWait, type Picture, type RunningTurn, type Tree } from './picture.ts';
import { holds } from './violation.ts';

export function waits(): Checker {
  return {
    after: (picture) => {
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

const waiting = (turn: RunningTurn): boolean => {
  for (const { tool } of turn.calls.values()) if (tool === 'wait_agent') return true;
  return false;
};

/** A list is decided call by call, each in a batch of its own: while calls are undecided no wait is judged for good. */
const waitsForItself = (turn: RunningTurn): boolean => turn.undecided.length > 0;

const busy = (turn: RunningTurn | undefined, queued: boolean): boolean =>
  queued || (turn !== undefined && (!inWait(turn) || (turn.parked && turn.calls.size === 0)));
