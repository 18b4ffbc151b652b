/** A registrar behind HTTP. What it says in its answers is never repeated: it may quote what we sent. */
import { hash } from 'node:crypto';
import { arch, platform } from 'node:os';
import { Failure } from '../failure.ts';
import { timestampOf } from './assertion.ts';
import type { AgentRequest, Registrar } from './port.ts';

/** A shorter one would have to be renewed all the time. */
const ttlMinMs = 1_000;
/** Ids are words: anything longer is a mistake. */
const idLengthMax = 512;

type Reply = Readonly<Record<string, unknown>>;

const rejected = (what: string, status: number): Failure =>
  new Failure('HOLDFAST_REGISTRAR_REJECTED', `the registrar does not take ${what} (HTTP ${status})`, {
    remedy: 'check the token and the account of this fleet, and whether the registrar still knows it',
    details: { status },
  });

const badAnswer = (what: string): Failure =>
  new Failure('HOLDFAST_REGISTRAR_ANSWER', `the registrar answered without ${what}`, {
    remedy: 'check that the address in `identity.url` is that of a registrar',
  });

function idIn(reply: Reply, member: string): string {
  const id = reply[member];
  if (typeof id === 'string' && id.length > 0 && id.length <= idLengthMax) return id;
  throw badAnswer(`a usable \`${member}\``);
}

function ttlIn({ expires_in: seconds }: Reply): { readonly ttlMs?: number } {
  if (seconds === undefined || seconds === null) return {};
  const ttlMs = typeof seconds === 'number' ? Math.floor(seconds * 1000) : Number.NaN;
  if (!Number.isSafeInteger(ttlMs) || ttlMs < ttlMinMs) throw badAnswer('a usable `expires_in`');
  return { ttlMs };
}

/** A key file may be lost while its public key is being registered: with another one it is another request. */
const requestKeyOf = ({ key, signer }: AgentRequest): string =>
  `${key}.${hash('sha256', signer.publicKey).slice(0, 16)}`;

export interface HttpRegistrarParts {
  /** Without a slash at its end. */
  readonly url: string;
  readonly version: string;
  readonly fetch?: typeof fetch;
}

export function httpRegistrar({ url, version, fetch: ask = fetch }: HttpRegistrarParts): Registrar {
  async function post(
    path: string,
    what: string,
    request: AgentRequest,
    body: Reply,
    signal: AbortSignal,
  ): Promise<Reply> {
    const { account } = request;
    let response: Response;
    try {
      response = await ask(`${url}${path}`, {
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          'idempotency-key': requestKeyOf(request),
          'holdfast-account': account.accountId,
          ...(account.token !== undefined && { authorization: `Bearer ${account.token}` }),
        },
        body: JSON.stringify(body),
        redirect: 'error',
        signal,
      });
    } catch (error) {
      if (signal.aborted) throw signal.reason;
      // Its message may quote a header: only the code of its cause is told.
      const code = (error as { cause?: { code?: unknown } }).cause?.code;
      const why = typeof code === 'string' ? code : 'the request could not be sent';
      throw new Failure('HOLDFAST_REGISTRAR_UNREACHABLE', `the registrar at ${url} cannot be reached (${why})`, {
        remedy: 'start it (`holdfast registrar` for trying out), or mend `identity.url`',
        details: { url, why },
        retryable: true,
      });
    }
    if (response.status === 401 || response.status === 403) throw rejected(what, response.status);
    if (!response.ok) {
      throw new Failure(
        'HOLDFAST_REGISTRAR_FAILED',
        `the registrar could not register ${what} (HTTP ${response.status})`,
        {
          remedy: 'look into the log of the registrar',
          details: { status: response.status },
          retryable: response.status >= 500,
        },
      );
    }
    const reply: unknown = await response.json().catch((error) => {
      if (signal.aborted) throw signal.reason;
      throw error instanceof SyntaxError ? badAnswer('JSON') : badAnswer('an end');
    });
    if (typeof reply !== 'object' || reply === null) throw badAnswer('a JSON object');
    return reply as Reply;
  }

  return {
    registerAgent: async (request, signal) => {
      const body = {
        abom: {
          agent_version: version,
          agent_harness_id: 'holdfast',
          running_location: `holdfast-${platform()}-${arch()}`,
        },
        agent_public_key: request.signer.publicKey,
        capabilities: [],
      };
      const reply = await post('/v1/agent/register', 'this agent', request, body, signal);
      return { runtimeId: idIn(reply, 'agent_runtime_id') };
    },
    registerTask: async (request, signal) => {
      const { runtimeId, signer, at } = request;
      const timestamp = timestampOf(at);
      const body = { timestamp, signature: signer.sign(`${runtimeId}:${timestamp}`) };
      const path = `/v1/agent/${encodeURIComponent(runtimeId)}/task/register`;
      const reply = await post(path, 'a task of this agent', request, body, signal);
      const sealed = typeof reply.encrypted_task_id === 'string' ? reply.encrypted_task_id : undefined;
      const taskId = idIn(sealed === undefined ? reply : { task_id: await signer.open(sealed) }, 'task_id');
      return { taskId, ...ttlIn(reply) };
    },
  };
}
