/** The client of a connection as one that is asked: by the official SDK, whose errors are told as the protocol has them. */
import type { Server } from '@modelcontextprotocol/sdk/server/index.js';
import {
  type CreateMessageRequest,
  type ElicitRequestFormParams,
  ErrorCode,
  McpError,
} from '@modelcontextprotocol/sdk/types.js';
import type { Offer } from '../../events/client.ts';
import { closedCode, type Peer, PeerError } from '../models/peer.ts';

/** As long as timers go: whoever asks decides how long it waits. */
const timeout = 2 ** 31 - 1;

function errorOf(error: unknown): PeerError {
  const message = error instanceof Error ? error.message.replace(/^(?:MCP error -?\d+: )+/, '') : String(error);
  // Where the connection is closed already, the SDK says so without a code.
  if (message === 'Not connected') return new PeerError(closedCode, message);
  return new PeerError(error instanceof McpError ? error.code : ErrorCode.InternalError, message);
}

/** `reachable` resolves when something that is sent reaches the client. */
export function peerOf(server: Server, reachable: () => Promise<void>): Peer {
  let greeted = false;
  const ask: Peer['ask'] = async (method, params, signal) => {
    await reachable();
    signal.throwIfAborted();
    // The first request has the id 0, which clients of the SDK do not cancel (1.32: `_oncancel` takes it for none).
    if (!greeted) server.ping().catch(() => undefined);
    greeted = true;
    const options = { signal, timeout };
    try {
      return method === 'sampling/createMessage'
        ? await server.createMessage(params as CreateMessageRequest['params'], options)
        : await server.elicitInput(params as ElicitRequestFormParams, options);
    } catch (error) {
      throw errorOf(error);
    }
  };
  return { elicits: server.getClientCapabilities()?.elicitation?.form !== undefined, ask };
}

/** What its model can be asked. */
export function offerOf(server: Server): Offer | undefined {
  const { sampling } = server.getClientCapabilities() ?? {};
  return sampling === undefined ? undefined : sampling.tools === undefined ? 'text' : 'tools';
}
