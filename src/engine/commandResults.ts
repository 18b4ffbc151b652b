/** What a call about a process is answered: its output since the agent last read it, and its end if that is known. */
import { constants } from 'node:os';
import { type CallRef, callerOf } from '../../projections/calls.ts';
import type { Call, Process } from '../../projections/state.ts';
import type { CallEnd } from '../decide/callEnd.ts';
import type { Clock } from './clock.ts';
import type { Engine } from './engine.ts';
import type { HostGate } from './hostGate.ts';
import { excerpt, present, tokensOf, withinTokens } from './output.ts';

const tokensDefault = 10_000;

const codeOf = (end: { readonly code: number | null; readonly signal: string | null }): number =>
  end.code ?? 128 + (constants.signals[end.signal as NodeJS.Signals] ?? 0);

export type CommandAnswer = CallEnd;

export interface ResultParts {
  readonly engine: Engine;
  readonly gate: HostGate;
  readonly clock: Clock;
  readonly newId: () => string;
}

export class CommandResults {
  readonly #parts: ResultParts;

  constructor(parts: ResultParts) {
    this.#parts = parts;
  }

  async of(ref: CallRef, call: Call, tokensMax = tokensDefault): Promise<CommandAnswer> {
    const { clock, newId, engine } = this.#parts;
    const process = engine.state.processes.all[call.processId!]!;
    const { end, processId, command } = process;
    if (end?.how === 'launch-failed') {
      const text = `exec_command failed for \`${command.at(-1)}\`: ${end.reason}`;
      return { outcome: 'error', output: { text }, ended: processId };
    }
    if (end?.how === 'lost') {
      const text = `The process is lost: ${end.reason}. It is not known how far it got; check before you do it again.`;
      return { outcome: 'indeterminate', output: { text }, ended: processId };
    }
    const agentId = callerOf(engine.state, ref)?.agentId ?? process.agentId;
    const from = process.cursors[agentId] ?? 0;
    const size = Math.max(await this.#size(process), from);
    const limit = engine.state.fleet.limits.outputBytes;
    const taken = await excerpt((at, max) => this.#read(process, at, max), from, size, limit, end !== undefined);
    const output = present({
      chunkId: newId().replaceAll('-', '').slice(-6),
      wallMs: Math.max(0, clock.now() - call.at),
      ...(end === undefined ? { sessionId: processId } : { exitCode: codeOf(end) }),
      tokens: tokensOf(taken.bytes),
      output: withinTokens(taken.text, tokensMax),
      ...(call.tool === 'exec_command' && process.pruned && { pruned: this.#owned(process.pruned) }),
    });
    const read = { processId, to: taken.to };
    return { outcome: 'ok', output, read, ...(end !== undefined && { ended: processId }) };
  }

  async #size(process: Process): Promise<number> {
    if (process.end !== undefined) return process.end.outputBytes;
    return (await this.#read(process, 0, 0))?.size ?? 0;
  }

  async #read(process: Process, from: number, max: number) {
    const { gate } = this.#parts;
    const host = process.hostId === gate.hostId ? await gate.current : undefined;
    return (await host?.read(process.processId, from, max)) ?? gate.door.readSpool(process.processId, from, max);
  }

  #owned(processIds: readonly number[]): { readonly sessionId: number; readonly agent: string }[] {
    const { processes, agents } = this.#parts.engine.state;
    return processIds.map((sessionId) => ({ sessionId, agent: agents[processes.all[sessionId]!.agentId]!.path }));
  }
}
