/** `exec_command` and `write_stdin` carried out: what the host does for a call, and what of it the model is told (TU6). */
import { createHash } from 'node:crypto';
import type { Outcome } from '../../events/turn.ts';
import { type CallRef, callerOf, openCall, requestOf } from '../../projections/calls.ts';
import type { Call, State } from '../../projections/state.ts';
import { type ExecArgs, execYieldMs, type WriteArgs, writeYieldMs } from '../decide/tools/processes.ts';
import { Failure } from '../failure.ts';
import type { Host } from '../host/port.ts';
import type { Clock } from './clock.ts';
import { CommandResults } from './commandResults.ts';
import type { Engine } from './engine.ts';
import type { HostGate } from './hostGate.ts';
import { letGo } from './letGo.ts';
import type { Processes } from './processes.ts';
import type { Secrets } from './secrets.ts';

/** Before anything was sent. */
const isGoneSecret = (error: unknown): boolean => error instanceof Failure && error.code === 'HOLDFAST_SECRET_GONE';

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

export interface CommandParts {
  readonly engine: Engine;
  readonly gate: HostGate;
  readonly clock: Clock;
  readonly newId: () => string;
  readonly processes: Processes;
  readonly secrets?: Secrets;
}

export class Commands {
  readonly #parts: CommandParts;
  readonly #state: State;
  readonly #results: CommandResults;
  readonly #calls = new Map<string, AbortController>();

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

  /** Nobody waits for results any more; the calls stay open. */
  letGo(): void {
    for (const controller of this.#calls.values()) controller.abort(letGo);
    this.#calls.clear();
  }

  /** Waits for what a call waits for, then ends it. */
  collect(ref: CallRef, resumed: boolean): void {
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
      })
      .finally(() => {
        if (this.#calls.get(key) === controller) this.#calls.delete(key);
      });
  }

  async #exec(ref: CallRef, call: Call, signal: AbortSignal): Promise<void> {
    const args = call.args as ExecArgs;
    await this.#parts.processes.settled(call.processId!);
    await this.#await(call, call.at + execYieldMs(args), signal);
    await this.#answer(ref, call, signal, args.max_output_tokens);
  }

  async #write(ref: CallRef, call: Call, signal: AbortSignal, resumed: boolean): Promise<void> {
    const { engine, gate, clock } = this.#parts;
    const args = call.args as WriteArgs;
    const processId = call.processId!;
    await this.#parts.processes.settled(processId);
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

  async #await({ processId }: Call, deadline: number, signal: AbortSignal): Promise<void> {
    const { engine, gate, clock } = this.#parts;
    const process = this.#state.processes.all[processId!]!;
    if (process.end !== undefined) return;
    const host: Host | undefined = await gate.of(process.hostId);
    const result = await host?.wait(processId!, Math.max(0, deadline - clock.now()), signal);
    if (signal.aborted) throw new Failure('HOLDFAST_CANCELLED', 'the call was cancelled');
    if (result?.exit !== undefined) await this.#parts.processes.begun(processId!);
    if (result?.exit !== undefined)
      await engine.submit({ do: 'processEnded', processId: processId!, exit: result.exit });
    else if (result === undefined) await this.#parts.processes.reconciled;
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
