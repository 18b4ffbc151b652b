/** The stdio door: one client, whose end of input is its farewell. Nothing but the protocol goes to the standard output. */
import { StdioServerTransport } from '@modelcontextprotocol/sdk/server/stdio.js';
import { mcpSession, type ServerOptions } from './server.ts';

/** Resolves with why it is over; then the client has left. */
export async function mcpOverStdio(options: ServerOptions, stopped: Promise<string>): Promise<string> {
  const { server, end } = mcpSession(options);
  const gone = new Promise<string>((resolve) => {
    process.stdin.once('end', () => resolve('the client has closed its end'));
    process.stdout.once('error', () => resolve('nobody reads the answers'));
    server.onclose = () => resolve('the connection was closed');
  });
  await server.connect(new StdioServerTransport());
  const reason = await Promise.race([gone, stopped]);
  await end();
  return reason;
}
