/** `exec_command` and `write_stdin` carried out: what the host does for a call, and what of it the model is told (TU6, PR8). */
import { createHash } from 'node:crypto';
import type { Outcome } from '../../events/turn.ts';
import { type CallRef, callerOf, openCall, requestOf } from '../../projections/calls.ts';
import type { Call, Process, State } from '../../projections/state.ts';
import { allLive } from '../decide/leases.ts';
import { type ExecArgs, execYieldMs, type WriteArgs, writeYieldMs } from '../decide/tools/processes.ts';
import { Failure } from '../failure.ts';
import type { Exit, Host, Typed } from '../host/port.ts';
import type { Clock } from './clock.ts';
import { CommandResults } from './commandResults.ts';
import type { Engine } from './engine.ts';
import type { HostGate } from './hostGate.ts';
import { letGo } from './letGo.ts';
import type { Secrets } from './secrets.ts';

/** PR7: between TERM and KILL, for a program to put its things in order. */
export const stopGraceMs = 2_000;

const isLoss = (error: unknown): boolean => error instanceof Failure && error.code === 'HOLDFAST_HOST_LOST';

/** Before anything was sent. */
const isGoneSecret = (error: unknown): boolean => error instanceof Failure && error.code === 'HOLDFAST_SECRET_GONE';

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

export interface CommandParts {
  readonly engine: Engine;
  readonly gate: HostGate;
  readonly clock: Clock;
  readonly newId: () => string;
  /** The environment of every child. */
  readonly environment: (state: State, process: Process) => Readonly<Record<string, string>>;
  readonly secrets?: Secrets;
}

export class Commands {
  readonly #parts: CommandParts;
  readonly #state: State;
  readonly #results: CommandResults;
  /** Starts under way, by process id. */
  readonly #starting = new Map<number, Promise<void>>();
  readonly #calls = new Map<string, AbortController>();
  #reconciled: Promise<void> = Promise.resolve();
  #left = false;

  constructor(parts: CommandParts) {
    this.#parts = parts;
    this.#results = new CommandResults(parts);
    this.#state = parts.engine.state;
  }

  cancel(ref: CallRef): void {
    const key = requestOf(ref);
    this.#calls.get(key)?.abort(letGo);
    this.#calls.delete(key);
  }

  /** Nobody waits for results any more; the calls stay open, and what was never started is left to the next life. */
  letGo(): void {
    this.#left = true;
    for (const controller of this.#calls.values()) controller.abort(letGo);
    this.#calls.clear();
  }

  /** TU6 (3)–(5), PR8: what became of each process while nobody looked. */
  reconcile(open: readonly number[], stopping: readonly number[]): void {
    this.#reconciled = this.#meetHost(open, new Set(stopping));
    this.#reconciled.catch(() => {});
  }

  /** Resolves when it is known, and reported, what became of all that the last life left. */
  get met(): Promise<void> {
    return this.#reconciled.catch(() => {});
  }

  async #meetHost(open: readonly number[], stopping: ReadonlySet<number>): Promise<void> {
    const { gate, engine } = this.#parts;
    if (open.length === 0) return;
    const host = await gate.current;
    const known = new Map((await host?.list())?.map((p) => [p.processId, p]));
    for (const processId of open) {
      const process = this.#state.processes.all[processId]!;
      if (process.end !== undefined) continue;
      if (process.hostId !== gate.hostId) {
        await this.#bury(process);
        continue;
      }
      const found = known.get(processId);
      if (found?.started !== undefined) {
        const { pid, group, startTime, bootId } = found.started;
        engine.report({ do: 'processStarted', processId, pid, group, startTime, bootId });
      }
      if (found?.typed !== undefined) engine.report({ do: 'processTyped', processId, typed: found.typed });
      if (found?.launchFailed !== undefined)
        engine.report({ do: 'launchFailed', processId, error: found.launchFailed });
      else if (found?.exit !== undefined) engine.report({ do: 'processEnded', processId, exit: found.exit });
      else if (stopping.has(processId)) this.stop(processId);
      // Never seen, or the start is under way: the same request again gives the one answer.
      else if (found?.started === undefined && !this.#left) this.start(processId);
    }
  }

  /** Its host is gone for good: its real end if that is known, else it is ended and lost. */
  async #bury(process: Process): Promise<void> {
    const { gate, engine } = this.#parts;
    const { processId, hostId } = process;
    if (process.end !== undefined) return;
    const remains = gate.door.remains(processId);
    const started = process.pid === undefined ? remains.started : (process as Required<Process>);
    if (process.pid === undefined && remains.started !== undefined) {
      const { pid, group, startTime, bootId } = remains.started;
      engine.report({ do: 'processStarted', processId, pid, group, startTime, bootId });
    }
    if (remains.typed !== undefined) engine.report({ do: 'processTyped', processId, typed: remains.typed });
    if (remains.launchFailed !== undefined) {
      engine.report({ do: 'launchFailed', processId, error: remains.launchFailed });
      return;
    }
    if (remains.exit !== undefined) {
      engine.report({ do: 'processEnded', processId, exit: remains.exit });
      return;
    }
    const { wasAlive } = await gate.door.endOrphan({ processId, hostId, ...(started && pick(started)) }, stopGraceMs);
    const reason = started === undefined ? 'its host is gone and nothing tells whether it started' : 'its host is gone';
    engine.report({ do: 'processLost', processId, reason, wasAlive });
  }

  #buryOrLose(processId: number): Promise<void> {
    return this.#bury(this.#state.processes.all[processId]!).catch((error) => this.#lose(processId, error));
  }

  /** It could not be ended, and nobody owns it any more. */
  #lose(processId: number, error: unknown): void {
    this.#parts.engine.report({ do: 'processLost', processId, reason: messageOf(error), wasAlive: true });
  }

  /** The host is gone while we run. */
  hostLost(hostId: string): void {
    const lost = allLive(this.#state).filter((process) => process.hostId === hostId);
    this.#reconciled = Promise.all(lost.map((process) => this.#bury(process))).then(() => {});
    this.#reconciled.catch(() => {});
  }

  start(processId: number): void {
    const started = this.#start(processId).catch((error) => {
      // The host went away in the middle: it may have been started.
      if (isLoss(error)) return this.#buryOrLose(processId);
      this.#parts.engine.report({ do: 'launchFailed', processId, error: messageOf(error) });
    });
    this.#starting.set(processId, started);
    started.finally(() => this.#starting.delete(processId));
  }

  async #start(processId: number): Promise<void> {
    const { engine, gate, environment } = this.#parts;
    const process = this.#state.processes.all[processId]!;
    const host = await gate.of(process.hostId);
    if (host === undefined) {
      await this.#bury(process);
      return;
    }
    const { requestId, command, cwd, tty } = process;
    const argv = this.#parts.secrets?.revealIn(command) ?? command;
    const result = await host.start({ requestId, processId, argv, cwd, tty, env: environment(this.#state, process) });
    if ('error' in result) await engine.submit({ do: 'launchFailed', processId, error: result.error });
    else {
      const { pid, group, startTime, bootId } = result;
      await engine.submit({ do: 'processStarted', processId, pid, group, startTime, bootId });
    }
  }

  stop(processId: number): void {
    const { gate, engine } = this.#parts;
    const process = this.#state.processes.all[processId]!;
    const run = async () => {
      const host = await gate.of(process.hostId);
      if (host === undefined) return this.#bury(process);
      const exit = await host.stop(`stop/${processId}`, processId, stopGraceMs);
      if (exit !== undefined) this.exited(processId, exit);
      else if (process.pid === undefined)
        engine.report({ do: 'launchFailed', processId, error: 'it was stopped before it had started' });
      else this.#lose(processId, new Error('its host does not know it any more'));
    };
    run()
      .catch((error) => {
        if (!isLoss(error)) throw error;
        return this.#bury(process);
      })
      .catch((error) => this.#lose(processId, error));
  }

  /** The host tells an end on its own: its start, which came before, is recorded first. */
  exited(processId: number, exit: Exit): void {
    const tell = () => {
      // Its start is not known because the host is lost meanwhile: whoever buries the process finds both.
      if (this.#state.processes.all[processId]?.pid === undefined) return;
      this.#parts.engine.report({ do: 'processEnded', processId, exit });
    };
    this.#begun(processId).then(tell, tell);
  }

  /** An operator has typed at the host. */
  typed(processId: number, typed: Typed): void {
    const tell = () => this.#parts.engine.report({ do: 'processTyped', processId, typed });
    this.#begun(processId).then(tell, tell);
  }

  /** A start that the last life sent may be heard after we asked the host what it has: asked again, it gives the one answer. */
  async #begun(processId: number): Promise<void> {
    await this.#settled(processId);
    const process = this.#state.processes.all[processId]!;
    if (process.pid !== undefined || process.end !== undefined) return;
    this.start(processId);
    await this.#settled(processId);
  }

  acknowledge(processId: number): void {
    const process = this.#state.processes.all[processId]!;
    if (process.hostId !== this.#parts.gate.hostId) return;
    this.#parts.gate.current?.then((host) => host.acknowledge(processId)).catch(() => {});
  }

  /** Waits for what a call waits for, then ends it. */
  collect(ref: CallRef, resumed: boolean): void {
    const { engine } = this.#parts;
    const key = requestOf(ref);
    const call = openCall(this.#state, ref);
    if (call?.processId === undefined || this.#calls.has(key)) return;
    const controller = new AbortController();
    this.#calls.set(key, controller);
    const done =
      call.tool === 'write_stdin'
        ? this.#write(ref, call, controller.signal, resumed)
        : this.#exec(ref, call, controller.signal);
    done
      .catch((error) => {
        if (controller.signal.aborted) return;
        if (isGoneSecret(error)) {
          this.#end(ref, 'error', `${call.tool} failed: ${messageOf(error)}. Nothing was done.`);
          return;
        }
        // The host went away in the middle: whether it acted is not known (TU6 (5)).
        this.#end(
          ref,
          'indeterminate',
          `${call.tool} failed: ${messageOf(error)}. It is not known whether this took effect.`,
        );
        if (engine.failed === undefined) return;
      })
      .finally(() => {
        if (this.#calls.get(key) === controller) this.#calls.delete(key);
      });
  }

  async #exec(ref: CallRef, call: Call, signal: AbortSignal): Promise<void> {
    const args = call.args as ExecArgs;
    await this.#settled(call.processId!);
    await this.#await(call, call.at + execYieldMs(args), signal);
    await this.#answer(ref, call, signal, args.max_output_tokens);
  }

  async #write(ref: CallRef, call: Call, signal: AbortSignal, resumed: boolean): Promise<void> {
    const { engine, gate, clock } = this.#parts;
    const args = call.args as WriteArgs;
    const processId = call.processId!;
    await this.#settled(processId);
    const process = this.#state.processes.all[processId]!;
    const chars = args.chars ?? '';
    if (chars !== '' && (process.end === undefined || resumed) && call.written !== true) {
      const host = await gate.of(process.hostId);
      if (host === undefined) {
        this.#end(
          ref,
          'indeterminate',
          'write_stdin failed: the process host is gone. It is not known whether this was written.',
        );
        return;
      }
      const bytes = Buffer.from(this.#parts.secrets?.reveal(chars) ?? chars);
      const requestId = requestOf(ref);
      const result = await host.write(requestId, processId, bytes);
      if (result === 'closed') {
        this.#end(
          ref,
          'error',
          'write_stdin failed: stdin is closed for this session; rerun exec_command with tty=true to keep stdin open',
        );
        return;
      }
      if (result === 'written') {
        const hash = createHash('sha256').update(bytes).digest('hex');
        const writtenBy = `agent:${callerOf(this.#state, ref)?.agentId ?? process.agentId}`;
        engine.report({ do: 'processWritten', processId, requestId, bytes: bytes.length, hash, writtenBy });
      }
    }
    await this.#await(call, Math.max(call.at, clock.now()) + writeYieldMs(args), signal);
    await this.#answer(ref, call, signal, args.max_output_tokens);
  }

  /** Its start has an outcome, and what happened while nobody looked is known. */
  async #settled(processId: number): Promise<void> {
    await this.#reconciled;
    await this.#starting.get(processId);
  }

  async #await({ processId }: Call, deadline: number, signal: AbortSignal): Promise<void> {
    const { engine, gate, clock } = this.#parts;
    const process = this.#state.processes.all[processId!]!;
    if (process.end !== undefined) return;
    const host: Host | undefined = await gate.of(process.hostId);
    const result = await host?.wait(processId!, Math.max(0, deadline - clock.now()), signal);
    if (signal.aborted) throw new Failure('HOLDFAST_CANCELLED', 'the call was cancelled');
    if (result?.exit !== undefined) await this.#begun(processId!);
    if (result?.exit !== undefined)
      await engine.submit({ do: 'processEnded', processId: processId!, exit: result.exit });
    else if (result === undefined) await this.#reconciled;
  }

  async #answer(ref: CallRef, call: Call, signal: AbortSignal, tokensMax?: number): Promise<void> {
    // An engine that stops leaves the call open: the next life settles it.
    if (signal.aborted) return;
    const answer = await this.#results.of(ref, call, tokensMax);
    if (!signal.aborted) this.#parts.engine.report({ do: 'endCall', ...ref, ...answer });
  }

  #end(ref: CallRef, outcome: Outcome, text: string): void {
    this.#parts.engine.report({ do: 'endCall', ...ref, outcome, output: { text } });
  }
}

const pick = ({
  pid,
  group,
  startTime,
  bootId,
}: {
  pid: number;
  group: number;
  startTime: number;
  bootId: string;
}) => ({
  pid,
  group,
  startTime,
  bootId,
});
