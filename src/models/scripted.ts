/**
 * A server of models that answers from scripts, for tests and for trying out: it speaks both dialects, in streams, and
 * fails as real servers do. The same fleet file gives the same answers through it as without it.
 */
import type { HttpBindings } from '@hono/node-server';
import { type Context, Hono } from 'hono';
import type { Scripts } from '../../events/fleetFile.ts';
import type { HistoryItem } from '../../projections/history.ts';
import { Failure } from '../failure.ts';
import { type Listening, listen, type Place } from '../http/listen.ts';
import { overflowCode, type Sampled, type Sampling } from './port.ts';
import { type After, scriptModel } from './script.ts';
import { type Dialect, fieldsIn, metadataIn, resultsIn, streamOf } from './wire.ts';

/** What goes wrong with one answer: no stream at all, or one that ends, stands still or is nonsense after some events. */
export type WireFault =
  | {
      readonly status: number;
      readonly message: string;
      readonly code?: string;
      readonly headers?: Record<string, string>;
    }
  | { readonly after: number; readonly goes: 'cut' | 'end' | 'stall' | 'garbage' };

/** A request that has come. */
export interface Asked {
  readonly dialect: Dialect;
  readonly path: string;
  readonly rootName: string;
  /** Number of the sampling. */
  readonly n: number;
  readonly metadata: Readonly<Record<string, unknown>>;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Readonly<Record<string, unknown>>;
  /** When it came (`performance.now()`). */
  readonly at: number;
  /** When its answer had gone out whole, if it has. */
  deliveredAt: number | undefined;
}

export interface ScriptedOptions {
  readonly scripts: Scripts;
  /** Asked for each request. */
  readonly fault?: (asked: Asked) => WireFault | undefined;
  /** Bearer token that every request has to carry. */
  readonly key?: string;
  /** Every answer begins with sealed thoughts. */
  readonly thinks?: boolean;
}

const realTime: After = {
  after: (ms, run) => {
    const timer = setTimeout(run, ms);
    return () => clearTimeout(timer);
  },
};

export class ScriptedServer {
  readonly app: Hono;
  readonly asked: Asked[] = [];
  readonly #options: ScriptedOptions;

  constructor(options: ScriptedOptions) {
    this.#options = options;
    this.app = new Hono()
      .post('/v1/responses', (c) => this.#answer(c, 'responses'))
      .post('/v1/chat/completions', (c) => this.#answer(c, 'chat'))
      .get('/v1/models', (c) => c.json({ object: 'list', data: [{ id: 'script', object: 'model' }] }));
  }

  async #answer(c: Context, dialect: Dialect): Promise<Response> {
    const { key, fault } = this.#options;
    const asked = await this.#request(c, dialect);
    if (key !== undefined && asked.headers.authorization !== `Bearer ${key}`)
      return refusal(401, `Incorrect API key provided: ${asked.headers.authorization ?? 'none'}`, 'invalid_api_key');
    const wrong = fault?.(asked);
    if (wrong !== undefined && 'status' in wrong)
      return refusal(wrong.status, wrong.message, wrong.code, wrong.headers);
    try {
      const sampled = this.#thinking(asked, await this.#sample(asked, c.req.raw.signal));
      const hangUp = () => (c.env as HttpBindings).outgoing.destroy();
      const events = streamOf(dialect, sampled, asked.body, `resp_${this.asked.length}`);
      return new Response(stream(events, wrong, asked, hangUp), { headers: { 'content-type': 'text/event-stream' } });
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      return refusalOf(error);
    }
  }

  async #request(c: Context, dialect: Dialect): Promise<Asked> {
    const body = (await c.req.json()) as Record<string, unknown>;
    const metadata = metadataIn(dialect, body, (name) => c.req.header(name));
    const path = String(metadata.agent_path ?? '/root');
    const rootName = decodeURIComponent(String(metadata.root_name ?? 'root'));
    // Whoever does not count is counted.
    const before = this.asked.filter((one) => one.path === path && one.rootName === rootName).length;
    const asked: Asked = {
      ...{ dialect, path, rootName, metadata, body, headers: c.req.header(), at: performance.now() },
      n: Number(metadata.sampling ?? before + 1),
      deliveredAt: undefined,
    };
    this.asked.push(asked);
    return asked;
  }

  #sample({ dialect, path, rootName, n, body }: Asked, signal: AbortSignal): Promise<Sampled> {
    const history = resultsIn(dialect, body).map(
      ({ callId, text }): HistoryItem => ({
        kind: 'result',
        position: 0,
        callId,
        outcome: 'ok',
        text,
        fields: fieldsIn(text),
      }),
    );
    const nobody = { agentId: '', rootId: '', turnId: '', position: 0, cwd: '', model: 'script', overflows: 0 };
    const request: Sampling = { ...nobody, path, rootName, n, purpose: 'turn', history };
    return scriptModel(this.#options.scripts, realTime).sample(request, signal);
  }

  #thinking({ path, n }: Asked, { items }: Sampled): Sampled {
    if (this.#options.thinks !== true) return { items };
    return { items: [{ reasoning: `thoughts ${n}`, sealed: `sealed ${path} ${n}`, name: `rs_${n}` }, ...items] };
  }
}

function refusal(status: number, message: string, code?: string, headers: Record<string, string> = {}): Response {
  const error = { message, type: 'error', code: code ?? null, param: null };
  return Response.json({ error }, { status, headers });
}

/** A list that fails, as a server would put it. */
function refusalOf({ code, message, retryable, details }: Failure): Response {
  if (code === overflowCode) return refusal(400, message, 'context_length_exceeded');
  if (!retryable) return refusal(400, message, 'invalid_request');
  const { retryAfterMs } = details;
  if (retryAfterMs === undefined) return refusal(503, message, 'overloaded');
  return refusal(429, message, 'rate_limit_exceeded', { 'retry-after-ms': String(retryAfterMs) });
}

/** One event at a time, as somebody reads them. */
function stream(
  events: readonly string[],
  fault: WireFault | undefined,
  asked: Asked,
  hangUp: () => void,
): ReadableStream<Uint8Array> {
  const wrong = fault !== undefined && 'after' in fault ? fault : undefined;
  const encoder = new TextEncoder();
  let next = 0;
  return new ReadableStream({
    pull: async (controller) => {
      if (wrong !== undefined && next >= wrong.after) {
        if (wrong.goes === 'stall') return new Promise(() => {});
        const rest = events[next] ?? '';
        if (wrong.goes === 'garbage') controller.enqueue(encoder.encode(`data: {"type": ${rest.slice(0, 20)}\n\n`));
        if (wrong.goes === 'cut') {
          controller.enqueue(encoder.encode(rest.slice(0, Math.floor(rest.length / 2))));
          // What was written goes out before the connection breaks.
          await new Promise((later) => setImmediate(later));
          hangUp();
        } else controller.close();
        return;
      }
      controller.enqueue(encoder.encode(events[next]));
      next += 1;
      if (next < events.length) return;
      asked.deliveredAt = performance.now();
      controller.close();
    },
  });
}

export interface ScriptedListening extends Listening {
  readonly server: ScriptedServer;
  /** For `baseUrl`. */
  readonly baseUrl: string;
}

/** Throws HOLDFAST_PORT_TAKEN, or HOLDFAST_CANNOT_LISTEN. */
export async function serveScripts(
  options: ScriptedOptions,
  place: Place = { host: '127.0.0.1', port: 0 },
): Promise<ScriptedListening> {
  const server = new ScriptedServer(options);
  const listening = await listen(server.app.fetch, place);
  return { server, ...listening, baseUrl: `${listening.url}/v1` };
}
