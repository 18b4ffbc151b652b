/**
 * Turns, samplings, calls, processes and cells as spans: a fold of the log that gives each span when it has ended. Ids come
 * from what the log calls them, so the same log gives the same spans, whoever reads it and however often (MC6).
 */
import { createHash } from 'node:crypto';
import type { HoldfastEvent } from '../../events/catalogue.ts';
import { genAi, operations, own } from './names.ts';

export type Attributes = Readonly<Record<string, string | number>>;

export interface Span {
  /** 32 hexadecimal digits: the tree. */
  readonly traceId: string;
  /** 16 hexadecimal digits. */
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly name: string;
  /** Milliseconds since 1970. */
  readonly startAt: number;
  readonly endAt: number;
  readonly attributes: Attributes;
  /** What went wrong; absent: nothing. */
  readonly error?: string;
}

type Begun = Omit<Span, 'endAt' | 'error'>;

interface Known {
  readonly rootId: string;
  readonly parentId: string | undefined;
  readonly path: string;
  readonly model: string;
}

const digest = (text: string, digits: number): string =>
  createHash('sha256').update(text).digest('hex').slice(0, digits);

const brief = (text: string): string => (text.length <= 60 ? text : `${text.slice(0, 60)}…`.toWellFormed());

const words = (text: unknown): string => (typeof text === 'string' ? text : 'see the log');

export class Spans {
  readonly #agents = new Map<string, Known>();
  /** Open spans by the name of what they are of: `turn ID`, `call TURN/CALL`, `process N`, `cell N`. */
  readonly #open = new Map<string, Begun>();
  /** Agent → its turn. */
  readonly #turns = new Map<string, string>();
  /** Turn → when its model was asked. */
  readonly #asked = new Map<string, number>();

  /** Spans that this event ends. */
  see(event: HoldfastEvent): readonly Span[] {
    const at = event.data.imported?.at ?? event.at;
    const { type, data, position } = event;
    switch (type) {
      case 'AgentSpawned': {
        const { agentId, rootId, parentId, path, model, client } = data;
        this.#agents.set(agentId, { rootId, parentId, path, model: client === true ? 'client' : model });
        return [];
      }
      case 'TurnStarted': {
        const { parentId, path, model } = this.#agents.get(data.agentId)!;
        const above = parentId === undefined ? undefined : this.#turns.get(parentId);
        this.#turns.set(data.agentId, data.turnId);
        this.#asked.set(data.turnId, at);
        const attributes = { [genAi.operation]: operations.turn, [genAi.model]: model, [own.turn]: data.turnId };
        this.#begin(
          `turn ${data.turnId}`,
          `invoke_agent ${path}`,
          data.agentId,
          at,
          position,
          attributes,
          above && `turn ${above}`,
        );
        return [];
      }
      case 'TurnCompleted':
      case 'TurnFailed':
      case 'TurnInterrupted': {
        this.#turns.delete(data.agentId);
        this.#asked.delete(data.turnId);
        const error = type === 'TurnFailed' ? words(data.error) : type === 'TurnInterrupted' ? data.reason : undefined;
        return this.#end(`turn ${data.turnId}`, at, { [own.outcome]: type.slice(4).toLowerCase() }, error);
      }
      case 'ModelSampled':
      case 'SamplingEnded': {
        const asked = this.#asked.get(data.turnId) ?? at;
        const { model } = this.#agents.get(data.agentId)!;
        if (model === 'client') return [];
        const name = `sampling ${data.agentId}/${data.n}`;
        const attributes = { [genAi.operation]: operations.sampling, [genAi.model]: model };
        this.#begin(name, `chat ${model}`, data.agentId, asked, position, attributes, `turn ${data.turnId}`);
        this.#asked.set(data.turnId, at);
        if (type === 'SamplingEnded')
          return this.#end(name, at, { [own.outcome]: data.outcome }, data.error ?? data.outcome);
        const { usage } = data;
        const tokens = usage && { [genAi.inputTokens]: usage.inputTokens, [genAi.outputTokens]: usage.outputTokens };
        return this.#end(name, at, { ...tokens });
      }
      case 'ToolCallStarted':
        this.#call(`call ${data.turnId}/${data.callId}`, `turn ${data.turnId}`, data, data.tool, at, position);
        return [];
      case 'ToolCallEnded':
        this.#asked.set(data.turnId, at);
        return this.#result(`call ${data.turnId}/${data.callId}`, data, at);
      case 'CellToolRequested':
        this.#call(`call cell-${data.cellId}/${data.callId}`, `cell ${data.cellId}`, data, data.tool, at, position);
        return [];
      case 'CellToolEnded':
        return this.#result(`call cell-${data.cellId}/${data.callId}`, data, at);
      case 'ProcessRequested': {
        const line = data.command.at(-1) ?? '';
        const attributes = { [own.process]: data.processId, [own.command]: line };
        const above = `call ${data.requestId}`;
        this.#begin(
          `process ${data.processId}`,
          `process ${brief(line)}`,
          data.agentId,
          at,
          position,
          attributes,
          above,
        );
        return [];
      }
      case 'ProcessExited':
      case 'ProcessTerminated': {
        const code = data.code === null ? undefined : { [own.exitCode]: data.code };
        const error = data.code === 0 ? undefined : (data.signal ?? `exit code ${data.code}`);
        return this.#end(`process ${data.processId}`, at, { ...code }, error);
      }
      case 'ProcessLaunchFailed':
        return this.#end(`process ${data.processId}`, at, {}, data.error);
      case 'ProcessLost':
        return this.#end(`process ${data.processId}`, at, {}, data.reason);
      case 'CellCreated': {
        const above = data.turnId === undefined ? undefined : `call ${data.turnId}/${data.callId}`;
        const attributes = { [own.cell]: data.cellId };
        this.#begin(`cell ${data.cellId}`, `cell ${data.cellId}`, data.agentId, at, position, attributes, above);
        return [];
      }
      case 'CellCompleted':
        return this.#end(`cell ${data.cellId}`, at, {}, data.error && words(data.error.text));
      case 'CellTerminated':
      case 'CellLost':
        return this.#end(`cell ${data.cellId}`, at, {}, data.reason);
      default:
        return [];
    }
  }

  #begin(
    what: string,
    name: string,
    agentId: string,
    startAt: number,
    position: number,
    attributes: Attributes,
    above: string | undefined,
  ): void {
    const { rootId, path } = this.#agents.get(agentId)!;
    this.#open.set(what, {
      traceId: digest(rootId, 32),
      spanId: digest(`${rootId} ${what}`, 16),
      ...(above !== undefined && { parentSpanId: digest(`${rootId} ${above}`, 16) }),
      name,
      startAt,
      attributes: {
        [genAi.agentId]: agentId,
        [genAi.agentName]: path,
        [genAi.conversation]: rootId,
        [own.position]: position,
        ...attributes,
      },
    });
  }

  #end(what: string, endAt: number, attributes: Attributes, error?: string): Span[] {
    const begun = this.#open.get(what);
    if (begun === undefined) return [];
    this.#open.delete(what);
    return [
      { ...begun, endAt, attributes: { ...begun.attributes, ...attributes }, ...(error !== undefined && { error }) },
    ];
  }

  #call(
    what: string,
    above: string,
    { agentId, callId }: { readonly agentId: string; readonly callId: string },
    tool: string,
    at: number,
    position: number,
  ): void {
    const attributes = { [genAi.operation]: operations.call, [genAi.tool]: tool, [genAi.call]: callId };
    this.#begin(what, `execute_tool ${tool}`, agentId, at, position, attributes, above);
  }

  #result(
    what: string,
    { outcome, output }: { readonly outcome: string; readonly output: { readonly text: unknown } },
    at: number,
  ): Span[] {
    const error = outcome === 'ok' ? undefined : brief(words(output.text));
    return this.#end(what, at, { [own.outcome]: outcome }, error);
  }
}
