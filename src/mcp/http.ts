/**
 * The streamable HTTP door, on this machine only: every request shows the token, and one from a web page of elsewhere is
 * refused, since a page can reach this machine through its reader's browser.
 */
import { randomUUID } from 'node:crypto';
import { WebStandardStreamableHTTPServerTransport as Transport } from '@modelcontextprotocol/sdk/server/webStandardStreamableHttp.js';
import { type Context, Hono } from 'hono';
import { type McpSession, mcpSession, type ServerOptions } from './server.ts';
import { shows } from './token.ts';

/** A client of which nothing was heard and nothing is open for so long has gone without a word. */
const silenceMsMax = 600_000;

interface Visit {
  readonly transport: Transport;
  readonly session: McpSession;
  /** Requests and streams that are open. */
  open: number;
  silent: NodeJS.Timeout | undefined;
  /** Open while the client listens to what is not an answer. */
  readonly gate: Gate;
}

/** Streams of a client on which it can be asked something. */
class Gate {
  #open = 0;
  #waiting: (() => void)[] = [];

  readonly passed = (): Promise<void> =>
    this.#open > 0 ? Promise.resolve() : new Promise((resolve) => this.#waiting.push(resolve));

  open(): void {
    this.#open += 1;
    for (const pass of this.#waiting.splice(0)) pass();
  }

  close(): void {
    this.#open -= 1;
  }
}

const isHere = (host: string | undefined): boolean =>
  host !== undefined && /^(?:127\.0\.0\.1|localhost|\[::1\])(?::\d+)?$/.test(host);

const isOwnOrigin = (origin: string | undefined): boolean =>
  origin === undefined || (URL.canParse(origin) && isHere(new URL(origin).host));

const refusal = (context: Context, status: 401 | 403 | 404, code: string, message: string) =>
  context.json({ jsonrpc: '2.0', error: { code: -32_001, message: `${code}  ${message}` }, id: null }, status);

export interface HttpDoor {
  readonly app: Hono;
  /** Everybody is sent away. */
  readonly close: () => Promise<void>;
}

/** `/mcp` for clients; `?root=NAME` names the root. */
export function mcpOverHttp(options: ServerOptions, token: string): HttpDoor {
  const visits = new Map<string, Visit>();
  const app = new Hono();

  app.use('*', async (context, next) => {
    if (!isHere(context.req.header('host')) || !isOwnOrigin(context.req.header('origin')))
      return refusal(context, 403, 'HOLDFAST_FOREIGN_ORIGIN', 'only programs of this machine are answered');
    await next();
    return undefined;
  });

  const end = async (sessionId: string): Promise<void> => {
    const visit = visits.get(sessionId);
    if (visit === undefined) return;
    visits.delete(sessionId);
    clearTimeout(visit.silent);
    await visit.session.end();
    await visit.session.server.close();
  };

  const begin = async (context: Context): Promise<Visit> => {
    const root = context.req.query('root');
    const gate = new Gate();
    const session = mcpSession({ ...options, ...(root !== undefined && { root }) }, gate.passed);
    const transport = new Transport({
      sessionIdGenerator: randomUUID,
      onsessioninitialized: (sessionId) => void visits.set(sessionId, visit),
      onsessionclosed: end,
    });
    const visit: Visit = { transport, session, open: 0, silent: undefined, gate };
    await session.server.connect(transport);
    return visit;
  };

  app.all('/mcp', async (context) => {
    if (!shows(context.req.header('authorization'), token))
      return refusal(context, 401, 'HOLDFAST_WRONG_TOKEN', 'show the token of mcp-token in the folder of the log');
    const sessionId = context.req.header('mcp-session-id');
    const visit = sessionId === undefined ? await begin(context) : visits.get(sessionId);
    // The protocol has a client begin anew then; its root is found by its name.
    if (visit === undefined) return refusal(context, 404, 'HOLDFAST_SESSION_GONE', 'this session has ended');
    clearTimeout(visit.silent);
    visit.open += 1;
    let listens = false;
    const done = () => {
      visit.open -= 1;
      if (listens) visit.gate.close();
      const { sessionId: id } = visit.transport;
      if (visit.open > 0 || id === undefined) return;
      visit.silent = setTimeout(() => void end(id), silenceMsMax).unref();
    };
    const response = await visit.transport.handleRequest(context.req.raw);
    listens = context.req.method === 'GET' && response.ok;
    if (listens) visit.gate.open();
    return watched(response, done);
  });

  return {
    app,
    close: async () => {
      for (const sessionId of [...visits.keys()]) await end(sessionId);
    },
  };
}

/** The same response; `done` is called when it has been sent, or nobody reads it any more. */
function watched(response: Response, done: () => void): Response {
  if (response.body === null) {
    done();
    return response;
  }
  let open = true;
  const once = () => {
    if (open) done();
    open = false;
  };
  const reader = response.body.getReader();
  const body = new ReadableStream<Uint8Array>({
    pull: async (to) => {
      const { done: over, value } = await reader.read();
      if (value !== undefined) to.enqueue(value);
      if (!over) return;
      once();
      to.close();
    },
    cancel: (reason) => {
      once();
      return reader.cancel(reason);
    },
  });
  return new Response(body, { status: response.status, headers: response.headers });
}
