/** A fleet that is open: the library's object. Plain types in and out; every promise resolves when its facts are durable. */

import type { HoldfastEvent } from '../events/catalogue.ts';
import type { CellPolicy } from '../events/cell.ts';
import type { Envelope } from '../events/envelope.ts';
import type { Budget, FleetFile } from '../events/fleetFile.ts';
import type { Process, State } from '../projections/state.ts';
import type { BudgetGiven } from './decide/budget.ts';
import type { ApprovalAnswer, Command, RootGiven } from './decide/command.ts';
import type { Skipped } from './decide/leases.ts';
import type { Observing, Resumed } from './engine/cellDoor.ts';
import type { CellView } from './engine/cellOutput.ts';
import type { Calling, CallResult, Joined, Joining } from './engine/clientDoor.ts';
import type { Answer, Asked } from './engine/engine.ts';
import { stateHash } from './engine/fold.ts';
import { Life } from './engine/life.ts';
import type { Saying } from './engine/speech.ts';
import { checkFleet, checkRootless } from './fleetFile.ts';
import { liveWorld, newId, openLog } from './live.ts';
import type { Log } from './log/port.ts';
import type { Peer } from './models/peer.ts';
import { refuseWithoutRepository } from './workspaces/wanted.ts';

export type FleetConfig = Omit<FleetFile, 'roots'> & { readonly roots?: readonly RootGiven[] };

export interface OpenOptions {
  /** Folder of the log; made when it does not exist. */
  readonly log: string;
  /** A new fleet. Absent: the fleet of the log is continued. */
  readonly fleet?: FleetConfig;
  /** Where agents work that say nothing else; default: the current folder. */
  readonly cwd?: string;
  /** `stay`: turns in progress stay in progress; the fleet is opened to look after its processes only. Default: they go on. */
  readonly turns?: 'go on' | 'stay';
  /** How others reach this process, told to whoever finds the log locked. */
  readonly socket?: string;
}

/** `{ok: true, answer}` or `{ok: false, refusal: {code, message, remedy, details?}}`. */
export type Result<A> = Answer<A>;

export interface NewCell {
  readonly policy?: CellPolicy;
  readonly tools?: readonly string[];
}

export class Fleet {
  readonly life: Life;
  readonly log: Log;
  readonly cwd: string;

  /** Folder of the log. */
  readonly dir: string;

  constructor(life: Life, log: Log, dir: string, cwd: string) {
    this.dir = dir;
    this.life = life;
    this.log = log;
    this.cwd = cwd;
  }

  #ask<A>(command: Command, asked: Asked = {}): Promise<Result<A>> {
    return this.life.engine.submit<A>(command, { by: 'operator', ...asked });
  }

  /** A new root agent with its first task. `key`: the same key gives the same root, also after a crash. */
  spawnRoot(root: RootGiven, options: Asked = {}): Promise<Result<{ agentId: string; name: string; path: string }>> {
    return this.#ask({ do: 'spawnRoot', cwd: this.cwd, ...root }, options);
  }

  /**
   * A client acts as the root of this name, new or as it was left, or as NAME2, NAME3 … while somebody acts as that. It
   * calls tools under its `connectionId` until it leaves, or until the fleet stops. `peer`: how it is asked itself, where
   * it says with `sampling` that its model answers for agents.
   */
  join(joining: Omit<Joining, 'cwd'> & { readonly cwd?: string }, peer?: Peer): Promise<Result<Joined>> {
    return this.life.clients.join({ cwd: this.cwd, ...joining }, peer);
  }

  /** A call of a tool by a client: its result, with the mail that came in. Resolves when it has ended. */
  callTool(connectionId: string, calling: Calling): Promise<Result<CallResult>> {
    return this.life.clients.call(connectionId, calling);
  }

  /** What the call has started goes on, unless it was started to end with it. */
  cancelCall(connectionId: string, call: string): Promise<Result<unknown>> {
    return this.life.clients.cancel(connectionId, call);
  }

  /** What it has called goes on, and can be read later. */
  leave(connectionId: string, reason = 'it has left'): Promise<Result<unknown>> {
    return this.life.clients.leave(connectionId, reason);
  }

  /** Mail from the operator; with `followup` it starts a turn. `target`: a path, `NAME:/root/x`, or an id. */
  send(
    target: string,
    text: string,
    { followup = false, ...asked }: Asked & { readonly followup?: boolean } = {},
  ): Promise<Result<{ mailId: string; agentId: string; path: string }>> {
    return this.#ask({ do: 'send', target, text, followup }, asked);
  }

  interrupt(
    target: string,
    { cascade = false, ...asked }: Asked & { readonly cascade?: boolean } = {},
  ): Promise<Result<{ path: string; previousStatus: string; interrupted: boolean }>> {
    return this.#ask({ do: 'interrupt', target, cascade }, asked);
  }

  /** Permanent: the agent and all below it. */
  close(
    target: string,
    { reason, ...asked }: Asked & { readonly reason?: string } = {},
  ): Promise<Result<{ path: string; closed: number }>> {
    return this.#ask({ do: 'close', target, ...(reason !== undefined && { reason }) }, asked);
  }

  /**
   * Runs JavaScript for an agent. `policy`: `PauseAtPendingFrontier` stops at each frontier until it is resumed; default: it
   * goes on by itself. `tools`: names of those it may call; default: all. `key`: the same key gives the same cell, also after a crash.
   */
  createCell(
    target: string,
    source: string,
    { policy = 'ContinueWhenUnblocked', tools, ...asked }: Asked & NewCell = {},
  ): Promise<Result<{ cellId: string; agentId: string; path: string }>> {
    return this.#ask({ do: 'createCell', target, source, policy, ...(tools && { tools }) }, asked);
  }

  /** New output from item `from` on; answers at an end, a yield or a frontier, or after `waitMs` with what there is. */
  observeCell(cellId: string, options: Observing = {}): Promise<Result<CellView>> {
    return this.life.cells.door.observe(cellId, options);
  }

  /** Lets a pausing cell go on from its frontier: resolves when it really has, and once only as `resumed`. */
  resumeCell(cellId: string, generation: number): Promise<Result<Resumed>> {
    return this.life.cells.door.resume(cellId, generation);
  }

  /** Ends it, whatever it does; one that has ended stays as it ended (`already-ended`). */
  terminateCell(
    cellId: string,
    { reason, ...asked }: Asked & { readonly reason?: string } = {},
  ): Promise<Result<{ cellId: string; outcome: 'terminated' | 'already-ended'; end: string }>> {
    return this.#ask({ do: 'terminateCell', cellId, ...(reason !== undefined && { reason }) }, asked);
  }

  /**
   * The answer of a person to a question (`show approvals`). `always`: commands that begin like the patterns of the question
   * run without one from now on. `reason`: what the model reads with `deny`. A question is answered once.
   */
  answer(
    approvalId: string,
    answer: ApprovalAnswer,
    { reason, ...asked }: Asked & { readonly reason?: string } = {},
  ): Promise<Result<{ approvalId: string; path: string; answer: ApprovalAnswer; what: unknown; always?: string[] }>> {
    return this.#ask({ do: 'answerApproval', approvalId, answer, ...(reason !== undefined && { reason }) }, asked);
  }

  evict(target: string, asked: Asked = {}): Promise<Result<{ path: string; evicted: boolean }>> {
    return this.#ask({ do: 'evict', target }, asked);
  }

  /** Takes an agent's task away; its next sampling waits for another one. */
  unbind(target: string, asked: Asked = {}): Promise<Result<{ path: string; unbound: boolean }>> {
    return this.#ask({ do: 'unbind', target }, asked);
  }

  /** The agent's processes are taken from it and go on; ids sorted. Nothing for an agent that does not exist. */
  detach(target: string, asked: Asked = {}): Promise<Result<{ path: string; detached: number[] }>> {
    return this.#ask({ do: 'detach', target }, asked);
  }

  /**
   * The agent gets its detached processes back under their ids, all or `only` these; it is loaded if it has to be.
   * `skipped`: ids of `only` that are `held` (by `holder`), have `ended`, or are `unknown`; they stay as they are.
   */
  reattach(
    target: string,
    { only, ...asked }: Asked & { readonly only?: readonly number[] } = {},
  ): Promise<Result<{ path: string; reattached: number[]; skipped: Skipped[] }>> {
    return this.#ask({ do: 'reattach', target, ...(only !== undefined && { only }) }, asked);
  }

  /**
   * Ends the detached processes of one agent, or of all agents (no target), with their groups: TERM, then KILL after 2 s.
   * Resolves when they have ended; `remaining`: those that have not, which says something is wrong with the host.
   */
  async clean(
    target?: string,
    asked: Asked = {},
  ): Promise<Result<{ path?: string; cleaned: number[]; remaining: number[] }>> {
    const command = { do: 'clean', ...(target !== undefined && { target }) } as const;
    const asking = await this.#ask<{ path?: string; cleaned: number[] }>(command, asked);
    if (!asking.ok) return asking;
    return { ok: true, answer: { ...asking.answer, remaining: await this.#notEnded(asking.answer.cleaned) } };
  }

  /** Ends one process and its group. Resolves when it has ended; `stopping: false`: it had ended before. */
  async stopProcess(
    processId: number,
    asked: Asked = {},
  ): Promise<Result<{ processId: number; path: string; stopping: boolean; remaining: number[] }>> {
    const asking = await this.#ask<{ processId: number; path: string; stopping: boolean }>(
      { do: 'stopProcess', processId },
      asked,
    );
    if (!asking.ok) return asking;
    return { ok: true, answer: { ...asking.answer, remaining: await this.#notEnded([processId]) } };
  }

  async #notEnded(processIds: readonly number[]): Promise<number[]> {
    const open = (state: State) => processIds.filter((id) => state.processes.all[id]!.end === undefined);
    await this.life.reached((state) => open(state).length === 0);
    return this.read(open);
  }

  /** All processes so far, ended ones too; with `detached`, the live ones that are (true) or are not (false). */
  processes({ detached }: { readonly detached?: boolean } = {}): Promise<Process[]> {
    return this.read((state) =>
      Object.values(state.processes.all)
        .filter((p) => detached === undefined || (p.end === undefined && (p.place === 'detached') === detached))
        .map((process) => structuredClone(process)),
    );
  }

  /** `null`: no limit any more; what is not named stays. Agents whose turn was ended by the budget go on when they may. */
  changeBudget(given: BudgetGiven, asked: Asked = {}): Promise<Result<{ budget: Budget; goOn: string[] }>> {
    return this.#ask({ do: 'changeBudget', given }, asked);
  }

  changeLimits(limits: Readonly<Record<string, unknown>>, asked: Asked = {}): Promise<Result<{ limits: unknown }>> {
    return this.#ask({ do: 'changeLimits', limits }, asked);
  }

  /** A value computed from the state, durable when given. The state must not be kept or changed. */
  read<A>(view: (state: State) => A): Promise<A> {
    return this.life.engine.read(view);
  }

  /** A copy of the whole durable state, yours to keep. */
  state(): Promise<State> {
    return this.read((state) => structuredClone(state));
  }

  /** `{position, stateHash}` of what is durable now. */
  position(): Promise<{ readonly position: number; readonly stateHash: string }> {
    return this.read((state) => ({ position: state.position, stateHash: stateHash(state) }));
  }

  /** Durable events, `from`..`to` inclusive, in pages. */
  events(range: { readonly from?: number; readonly to?: number } = {}): AsyncIterable<readonly Envelope[]> {
    return this.log.read(range);
  }

  /** Durable events from now on; returns the unsubscribe function. */
  follow(listener: (events: readonly HoldfastEvent[]) => void): () => void {
    return this.log.follow((events) => listener(events as readonly HoldfastEvent[]));
  }

  /** What models are saying at this moment; it is in no event, and gone when the answer is whole. */
  saying(): Saying[] {
    return this.life.hands.speech.now();
  }

  /** Called when `saying` may be something else; returns the unsubscribe function. */
  followSaying(listener: () => void): () => void {
    return this.life.hands.speech.follow(listener);
  }

  /** Resolves when no turn is running, queued or parked and no cell goes on by itself; live processes do not count. Rejects when the engine has failed. */
  whenIdle(): Promise<void> {
    return this.life.whenIdle();
  }

  /** Resolves when nothing goes on but by an answer: every turn waits for a person, for a client that is away, or for those that do. */
  whenPersonNeeded(): Promise<void> {
    return this.life.whenPersonNeeded();
  }

  /**
   * In order: turns in progress stay in progress for the next life. Live processes are left to their host, detached;
   * with `processes: 'end'` they are ended and their ends are recorded.
   */
  stop(
    reason = 'asked to stop',
    { processes = 'leave' }: { readonly processes?: 'leave' | 'end' } = {},
  ): Promise<void> {
    return this.life.stop(reason, processes);
  }
}

/** Roots may come later, and a fleet without models has `script`. */
function checkConfig({ roots = [], ...rest }: FleetConfig): void {
  if (roots.length > 0) checkFleet({ ...rest, roots }, 'fleet');
  else checkRootless({ models: { script: { kind: 'script' } }, ...rest }, 'fleet');
}

/** Opens a fleet for writing: new with `fleet`, else the one of the log. Throws a `Failure` (code, message, remedy). */
export async function openFleet(options: OpenOptions): Promise<Fleet> {
  const { log: dir, fleet, cwd = process.cwd(), socket, turns = 'go on' } = options;
  if (fleet !== undefined) checkConfig(fleet);
  if (fleet !== undefined) await refuseWithoutRepository(fleet, cwd);
  const log = await openLog(dir, socket);
  try {
    const fresh =
      fleet === undefined ? undefined : { fleetId: newId(), cwd, file: { ...fleet, roots: fleet.roots ?? [] } };
    return new Fleet(await Life.begin(liveWorld(dir, log), fresh, turns), log, dir, cwd);
  } catch (error) {
    await log.close();
    throw error;
  }
}
