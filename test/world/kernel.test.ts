import * as fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import { type Exploration, explained, explore } from '../../src/simulate/explore.ts';
import { histories } from '../../src/simulate/histories.ts';
import { historyOf } from '../../src/simulate/history.ts';
import { runHistory } from '../../src/simulate/run.ts';

/** The real engine in a simulated world: what holds after every batch of every history of commands, faults and crashes. */
const long = process.env.HOLDFAST_LONG !== undefined;
const runs = long ? 100_000 : 400;
/** 100 000 histories take half an hour of one core. */
const longMs = 3 * 3_600_000;

let all: Exploration;

beforeAll(async () => {
  all = await explore({ from: 1, runs });
}, longMs);

/** One sentence per invariant or rule; the checkers say which one is broken. */
const promises: ReadonlyArray<readonly [broken: string, sentence: string]> = [
  ['DEFECT', '[SL2][MA3] no sequence of commands, absurd calls, faults and crashes leads the engine to a defect'],
  ['I1', '[I1] positions, stream versions, times and epochs go up without a hole, and the hash chain is whole'],
  [
    'I2',
    '[I2][SL4][SL7][R1][R2] every slot is released exactly once: none leaks, whatever is interrupted, closed or killed',
  ],
  ['I3', '[I3][SL2][R5][R6] slots held are turns running, and never more than the limit lets in'],
  ['I4', '[I4][SL4] a slot is committed in the batch of its start, and batches have their order'],
  ['SL2', '[SL2][R7] a slot is refused only while none is free'],
  [
    'SL3',
    '[SL3][R18] an agent is spawned with its first mail, its turn or place in the queue and its answer, or not at all',
  ],
  ['SL1', '[SL1][R4] roots need no slot and never queue'],
  ['SL5', '[SL5][R17] what is refused leaves no agent, no path, no mail and no place in the queue'],
  ['SL6', '[SL6] an unread, unspent trigger never lies idle'],
  ['SL9', '[SL9] the queue is first in, first out, and nobody waits beside a free slot'],
  ['SL10', '[SL10] with a queue, whoever only waits gives back its slot'],
  ['I5', '[I5][RE3][R9][R12] who executes is resident, roots stay, and residents fit after every load'],
  ['RE2', '[RE2] the least recently used goes first, held against a plain model'],
  ['RE4', '[RE4] nobody is evicted while there is room, and whoever is to run can be loaded'],
  [
    'RE6',
    '[RE6][RE4][R20] a model sees exactly what the log says of its life, each item once and in order, before and after a reload',
  ],
  ['RE7', '[RE7][R16] nobody is loaded twice'],
  ['I6', '[I6][MA1][R19] mail is taken by exactly one turn, in order, or rejected'],
  ['I7', '[I7][MA4][R21] each turn that completes or fails tells its parent once, in the same batch'],
  ['MA1', '[MA1][LO1] accepted mail is durable before its sender is told'],
  ['MA2', '[MA2] no turn starts without an unread trigger'],
  ['MA3', '[MA3] a turn takes all unread mail at its start and before it goes on'],
  ['MA5', '[MA5][R40] a wait ends as soon as there is untold mail or nothing to wait for'],
  ['MA6', '[MA6] mail that no model has seen comes back when its turn ends'],
  ['MA7', '[MA7] one key has one answer, also after a crash'],
  ['I8', '[I8][PA2][R14][R29] one open agent per path, below open agents; the closed stay closed'],
  ['PA3', '[PA3][R3] nobody reaches into another tree'],
  ['PA4', '[PA4] who is closed runs and waits no more'],
  ['I9', '[I9][TU1][R27] one turn per agent, and each call has exactly one end, before or with its turn'],
  ['TU1', '[TU1][R19] whoever is told of an interruption finds it in the log'],
  [
    'TU6',
    '[TU6] no process is run twice, nothing is lost or uncertain unless its host died, and a wait keeps its first deadline through crashes',
  ],
  ['TU4', '[TU4][R23] a compaction takes nothing along that no model has answered to'],
  ['TU8', '[TU8] samplings are counted without a gap, and the one that a crash cut off is asked again'],
  ['I10', '[I10][PR4] each process has at most one start and one end, and its id is its own for ever'],
  [
    'PR1',
    '[PR1] a stop in order leaves processes to their host or ends them all, and does nothing after EngineStopped',
  ],
  ['PR3', '[PR3] an end comes after its start, and what ran is not recorded as never started'],
  [
    'PR5',
    '[PR5][RE3][P-6][P-7] after every batch a live process is held exactly by an agent in memory, and what moves, moves whole',
  ],
  [
    'PR6',
    '[PR6][P-1][P-2] exactly one end per process, of the right kind, found whoever lives or dies, and told once to who wanted it',
  ],
  ['PR7', '[PR7] what is cleaned ends'],
  ['LO1', '[LO1] no answer, no request to a model or a process leaves before what it rests on is durable'],
  [
    'LO7',
    '[LO7] no secret is in the log, who acts is given its value, no name is ever given to another one, and what is forgotten is gone after the fact that says so',
  ],
  [
    'LO4',
    '[LO4] after a crash or a power cut a torn group is gone whole, all else is there, and damage to a copy of the disk is seen where it is',
  ],
  [
    'LIN',
    '[SL2][MA7][LO1] commands that overlap are answered as if each had come alone, at one moment between its asking and its answer',
  ],
  ['I13', '[I13] one by one, in pages inside immer and from a snapshot plus the rest the log folds to the same state'],
  ['BU1', '[BU1] what is said to be spent is what models said they have used, at the prices of the fleet'],
  [
    'BU2',
    '[BU2] no model is asked when nothing is left, and nobody is stopped before, so a limit is passed by what was being asked at most',
  ],
  ['BU3', '[BU3] whoever was stopped and may go on hears of a raised budget'],
  [
    'WS1',
    '[WS1] who is to work apart has asked for a tree with its spawn, and no model and no command of it begins elsewhere',
  ],
  ['WS2', '[WS2] a worktree is made once, and no two agents have one'],
  [
    'WS4',
    '[WS4] after whatever crashes, a tree is let go when its agent is closed and nothing runs there, and none is lost',
  ],
  ['TB1', '[TB1] an identity is registered when the fleet asks for it, one at a time'],
  ['I12', '[I12][TB4][R33][R36] a task counts under the identity it was registered for, and no other ever does'],
  [
    'TB3',
    '[TB3][R35][R37] no model is asked without a task, an agent has one registration at a time, and no request or answer mixes two accounts',
  ],
  ['TB4', '[TB4][R34] at a start a task is used again without a call, or the log says that it is cleared'],
  ['TB5', '[TB5][R32] a task is cleared for what is so: over, rejected, or of an identity that counts no more'],
  ['TB6', '[TB6] every model is shown the task that its agent is durably bound to, signed'],
  ['LIVE', '[SL9][R11] when faults stop, everything pending ends within a bound of virtual time'],
];

describe(`in ${runs} histories`, () => {
  for (const [broken, sentence] of promises) {
    test(sentence, async () => {
      const finding = all.findings.get(broken);
      expect(finding && (await explained(finding.history, finding.violation))).toBeUndefined();
    });
  }

  test('every promise that a checker makes is named here', () => {
    expect([...all.findings.keys()].filter((broken) => !promises.some(([name]) => name === broken))).toEqual([]);
  });

  test('there are crashes, failed syncs and long logs among them', () => {
    expect(all.crashes).toBeGreaterThan(runs);
    expect(all.syncFailures).toBeGreaterThan(runs / 100);
    expect(all.events).toBeGreaterThan(runs * 50);
  });
});

test('[I1] the same history gives the same log, byte for byte', async () => {
  for (let seed = 1; seed <= 12; seed += 1) {
    const history = historyOf(seed, 40);
    const first = await runHistory(history);
    expect(await runHistory(history)).toEqual(first);
  }
});

test(
  '[I2][I13] histories that fast-check draws hold as well, and a counterexample would be a short list of commands',
  async () => {
    const holds = fc.asyncProperty(histories(40), async (history) => {
      await runHistory(history, { thorough: true });
    });
    await fc.assert(holds, { numRuns: long ? 2_000 : 40, ...(!long && { seed: 1 }) });
  },
  longMs,
);
