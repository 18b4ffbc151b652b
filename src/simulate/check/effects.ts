/** LO1, TU6: nothing leaves the engine, no request and no answer, before what it rests on is durable; nothing is run twice. */
import type { CellView } from '../../engine/cellOutput.ts';
import type { Answer } from '../../engine/engine.ts';
import type { Sampling } from '../../models/port.ts';
import type { Inspector } from './inspector.ts';
import { isUnanswered } from './known.ts';
import { type KnownAgent, positionOf } from './picture.ts';
import { holds } from './violation.ts';

export class EffectChecker {
  readonly #inspector: Inspector;
  readonly #launched = new Set<number>();
  readonly #typed = new Map<number, number>();
  /** Answers by key: the hash of what was asked, and what was answered first. */
  readonly #answers = new Map<string, { readonly request: string; readonly answer: string }>();

  constructor(inspector: Inspector) {
    this.#inspector = inspector;
  }

  /** A model is asked. */
  sampled({ agentId, path, n, history, purpose, cwd }: Sampling): void {
    const { picture, budgets, workspaces } = this.#inspector;
    const agent = picture.agents.get(agentId);
    const turn = agent?.turn;
    holds(
      turn?.sampling === true && !turn.parked,
      'LO1',
      picture.position,
      () => `the model of ${path} is asked, and no durable turn asks`,
    );
    holds(!isUnanswered(turn.agent), 'CL4', picture.position, () => `${path} is asked, and its client is not there`);
    holds(
      n === turn.agent.samplings + 1,
      'TU8',
      picture.position,
      () => `${path} is asked for sampling ${n}, ${turn.agent.samplings + 1} is next`,
    );
    budgets.sampled(picture, turn.agent);
    workspaces.sampled(picture, agentId, cwd);
    const newest = history.at(-1)?.position ?? 0;
    holds(newest <= picture.position, 'LO1', newest, () => `the model of ${path} sees it before it is durable`);
    const summary = purpose === 'summary';
    holds(summary === turn.tooLong, 'TU4', picture.position, () => `${path} is asked for a ${purpose}`);
    const older = (item: string) => !summary || positionOf(item) < turn.list;
    rebuilt(picture.position, turn.agent, turn.agent.history.filter(older), history);
  }

  /** A request for a process leaves the engine. */
  requested(what: 'start' | 'stop' | 'write' | 'acknowledge', processId: number): void {
    const { picture, processes } = this.#inspector;
    const seen = processes.known(processId);
    holds(
      seen !== undefined,
      'LO1',
      picture.position,
      () => `${what} of process ${processId}, whose request is not durable`,
    );
    if (what === 'stop')
      holds(
        seen.stopRequested,
        'LO1',
        picture.position,
        () => `process ${processId} is stopped and no durable request says so`,
      );
    if (what === 'acknowledge')
      holds(
        seen.ended,
        'LO1',
        picture.position,
        () => `the end of process ${processId} is forgotten before it is durable`,
      );
  }

  /** An operator types, past the engine. */
  typed(processId: number, bytes: number): void {
    this.#typed.set(processId, (this.#typed.get(processId) ?? 0) + bytes);
  }

  launched(processId: number): void {
    holds(
      !this.#launched.has(processId),
      'TU6',
      this.#inspector.picture.position,
      () => `process ${processId} is run a second time`,
    );
    this.#launched.add(processId);
  }

  /** At rest: what ran is not recorded as never started, and what was typed is recorded once. */
  told(): void {
    const { picture, processes } = this.#inspector;
    for (const processId of this.#launched)
      holds(
        processes.known(processId)?.launchFailed === false,
        'PR3',
        picture.position,
        () => `process ${processId} ran, and the log says that it could not be started`,
      );
    for (const [processId, bytes] of this.#typed) {
      const recorded = processes.known(processId)?.typed;
      holds(
        recorded === bytes,
        'PR3',
        picture.position,
        () => `operators typed ${bytes} bytes into process ${processId}, and ${recorded} are recorded`,
      );
    }
  }

  /** `mailId`, `agentId` or `refusalId` of an answer that a client has. */
  answered(what: string, ids: { readonly mailId?: string; readonly agentId?: string }): void {
    const { picture } = this.#inspector;
    const { mailId, agentId } = ids;
    holds(
      mailId === undefined || picture.letters.has(mailId),
      'MA1',
      picture.position,
      () => `${what} is told of mail ${mailId}, which is not durable`,
    );
    holds(
      agentId === undefined || picture.agents.has(agentId),
      'LO1',
      picture.position,
      () => `${what} is told of agent ${agentId}, which is not durable`,
    );
  }

  /** Somebody is told of a refusal that the log is said to explain. */
  refused(refusalId: string): void {
    const { position, refusals } = this.#inspector.picture;
    holds(refusals.has(refusalId), 'LO1', position, () => `refusal ${refusalId} is not durable`);
  }

  /** PA4: who is told of a closing will never see the agent again. */
  closed(target: string): void {
    const { position, agents } = this.#inspector.picture;
    holds(agents.get(target)?.open !== true, 'LO1', position, () => `the closing of ${target} is not durable`);
  }

  /** A value that was read from a state at `position`. */
  read(position: number): void {
    const durable = this.#inspector.picture.position;
    holds(position <= durable, 'LO1', durable, () => `a reader was given the state at ${position}`);
  }

  /** CE1, CE4: somebody has read all that a cell has printed so far. */
  seen(cellId: string, answer: Answer<CellView>): void {
    const { cells, position } = this.#inspector.picture;
    const cell = cells.get(cellId);
    // Who is told that there is none may have asked before it was created.
    if (!answer.ok) return;
    holds(cell !== undefined, 'LO1', position, () => `cell ${cellId} is seen, and is not durable`);
    const { state, next, items, generation } = answer.answer;
    holds(next <= cell.offset, 'LO1', position, () => `a reader is given item ${next} of ${cell.offset}`);
    holds(items.length === next, 'CE4', position, () => `a reader of ${next} items is given ${items.length}`);
    const over = state !== 'running' && state !== 'pending';
    holds(!over || cell.ended === state, 'CE7', position, () => `cell ${cellId} is told to be ${state}`);
    holds(
      generation === undefined || generation <= cell.generation,
      'LO1',
      position,
      () => `no frontier ${generation}`,
    );
  }

  /** MA7. `refusedAsReused`: the key was refused because of another request. */
  keyed(key: string, request: string, answer: string, refusedAsReused: boolean): void {
    const { position, keys } = this.#inspector.picture;
    holds(keys.has(key), 'MA7', position, () => `the answer to key ${key} is given and not durable`);
    const before = this.#answers.get(key);
    if (before === undefined) {
      // The first answer may have been lost in a crash, so that nobody knows it.
      if (!refusedAsReused) this.#answers.set(key, { request, answer });
      return;
    }
    if (before.request === request)
      holds(before.answer === answer, 'MA7', position, () => `key ${key} was answered ${before.answer}, now ${answer}`);
    else holds(refusedAsReused, 'MA7', position, () => `key ${key} was used for another request`);
  }
}

/** RE6, MA6: what is seen of its own life is what the log says, each item once and in order; what a fork inherits is older. */
function rebuilt(position: number, agent: KnownAgent, known: readonly string[], history: Sampling['history']): void {
  let at = 0;
  for (const { kind, position: of } of history) {
    if (of < agent.spawned) continue;
    const expected = known[at];
    holds(
      expected === `${kind} ${of}`,
      'RE6',
      position,
      () => `${agent.path} sees ${kind} ${of}, not ${expected ?? 'nothing more'}`,
    );
    at += 1;
  }
  holds(at === known.length, 'RE6', position, () => `${agent.path} does not see ${known[at]}`);
}
