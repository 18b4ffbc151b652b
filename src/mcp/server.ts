/** An MCP server for one connection: the official SDK speaks the protocol, this says what is behind it. */
import { Server } from '@modelcontextprotocol/sdk/server/index.js';
import {
  CallToolRequestSchema,
  ListResourcesRequestSchema,
  ListResourceTemplatesRequestSchema,
  ListToolsRequestSchema,
  type ProgressToken,
  ReadResourceRequestSchema,
} from '@modelcontextprotocol/sdk/types.js';
import { version } from '../version.ts';
import type { Access } from './access.ts';
import { Acting } from './acting.ts';
import { offerOf, peerOf } from './peer.ts';
import { resourceAt, resources, resourceTemplates } from './resources.ts';
import { failed, resultOf, viewed } from './results.ts';
import { tools, viewNamed } from './tools.ts';

export interface ServerOptions {
  readonly access: Access;
  /** Folder of the log. */
  readonly dir: string;
  /** Name of the root; absent: as the client calls itself. */
  readonly root?: string;
  /** What answers for the agents it spawns. */
  readonly model?: string;
  readonly cwd: string;
}

const instructions = `Holdfast runs agents, commands and code cells for you, and writes down everything that happens, so that it survives your being restarted or killed.
You act as a root agent, /root, of a tree of your own; it is named after your client, and while another connection has that name you are NAME2 (status says which). When you connect again under the same name you find your agents, commands and cells as you left them.
spawn_agent starts an agent below you; its final answer comes as mail. Every result brings the mail that has come in for you since the last one (field \`mail\`); wait_agent waits for it. exec_command answers with a session_id while its command runs: go on with write_stdin. exec runs JavaScript in a cell and answers with a cell_id while it runs: go on with wait.
Every result has a call_id: \`result\` reads it again later. Cancelling a request ends the call; what it has started goes on.`;

/** A name for a root: what the protocol allows and a path on the command line does not. */
const rootNameOf = (name: string): string => name.replaceAll(/[\s:/*]+/g, '-').replace(/^-+|-+$/g, '') || 'client';

/** So that a client which waits sees that we are there, and does not give up. */
const progressMs = 5_000;
/** What agents are saying is looked for so often: a person reads along. */
const wordsMs = 500;

export interface McpSession {
  readonly server: Server;
  /** The client has gone. */
  readonly end: () => Promise<void>;
}

/** `reachable` resolves when something that is sent to the client reaches it: over HTTP it has to listen first. */
export function mcpSession(
  { access, dir, root, model, cwd }: ServerOptions,
  reachable: () => Promise<void> = () => Promise.resolve(),
): McpSession {
  const server = new Server(
    { name: 'holdfast', title: 'Holdfast', version },
    { capabilities: { tools: {}, resources: {} }, instructions },
  );
  let acting: Acting | undefined;
  const act = async (): Promise<Acting> => {
    // Who sends all its messages at once is heard before its introduction has been read.
    if (server.getClientVersion() === undefined) await new Promise(setImmediate);
    const client = server.getClientVersion();
    const software = client?.name ?? 'client';
    const sampling = offerOf(server);
    const who = {
      name: root ?? rootNameOf(software),
      software,
      ...(client?.version !== undefined && { version: client.version }),
      ...(model !== undefined && { model }),
      ...(sampling !== undefined && { sampling }),
      cwd,
    };
    acting ??= new Acting(access, who, peerOf(server, reachable));
    return acting;
  };
  // Its agents may go on from now on; what goes wrong is told with its first call.
  server.oninitialized = () =>
    void act()
      .then((client) => client.there())
      .catch(() => undefined);

  server.setRequestHandler(ListToolsRequestSchema, () => ({ tools: [...tools] }));
  server.setRequestHandler(CallToolRequestSchema, async ({ params }, { signal, sendNotification, _meta }) => {
    const words = async () => (acting === undefined ? [] : ((await acting.view('saying', {})) as Words[]));
    const quiet = beat(_meta?.progressToken, params.name, words, sendNotification);
    const args = params.arguments ?? {};
    try {
      if (viewNamed(params.name) !== undefined)
        return viewed(await (await act()).view(viewNamed(params.name)!.name, args));
      return resultOf(await (await act()).call(params.name, args, signal));
    } catch (error) {
      return failed(error);
    } finally {
      quiet();
    }
  });
  server.setRequestHandler(ListResourcesRequestSchema, async () => ({ resources: await resources(await act()) }));
  server.setRequestHandler(ListResourceTemplatesRequestSchema, () => ({ resourceTemplates }));
  server.setRequestHandler(ReadResourceRequestSchema, async ({ params }) => ({
    contents: [await resourceAt(await act(), dir, params.uri)],
  }));
  return { server, end: async () => acting?.leave() };
}

type Send = (notification: {
  method: 'notifications/progress';
  params: { progressToken: ProgressToken; progress: number; message: string };
}) => Promise<void>;

/** What an agent of the tree is saying. */
interface Words {
  readonly agent: string;
  readonly text: string;
}

/** As much of it as one line of a client shows (characters). */
const wordsMax = 200;

const told = ({ agent, text }: Words): string => `${agent}: ${text.slice(-wordsMax).replace(/\s+/g, ' ')}`;

/** Tells of progress, where it is asked for, until it is told to be quiet: what agents are saying, and else the time. */
function beat(
  progressToken: ProgressToken | undefined,
  tool: string,
  words: () => Promise<Words[]>,
  send: Send,
): () => void {
  if (progressToken === undefined) return () => {};
  const since = Date.now();
  let progress = 0;
  let heard = '';
  let toldAt = since;
  let looking = false;
  const look = async (): Promise<void> => {
    const now = (await words()).map(told).join('\n');
    const late = Date.now() - toldAt >= progressMs;
    if (now === heard && !late) return;
    heard = now;
    toldAt = Date.now();
    progress += 1;
    const message = `${tool}: ${Math.round((toldAt - since) / 1000)} s${now === '' ? '' : `\n${now}`}`;
    await send({ method: 'notifications/progress', params: { progressToken, progress, message } });
  };
  const timer = setInterval(() => {
    if (looking) return;
    looking = true;
    // Between two owners of the fleet nobody can be asked: the next look is soon.
    void look()
      .catch(() => undefined)
      .finally(() => (looking = false));
  }, wordsMs);
  return () => clearInterval(timer);
}
