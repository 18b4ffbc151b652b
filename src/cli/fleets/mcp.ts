/** `mcp` and `serve`: a fleet that is kept open for programs of this machine, which act as its roots. */
import { type Command, Option } from 'commander';
import type { FleetConfig } from '../../fleet.ts';
import { checkFleet, readClientsFleet } from '../../fleetFile.ts';
import { checkKeys } from '../../models/key.ts';
import { exit } from '../exitCodes.ts';
import { tell } from '../output.ts';
import { acting, commandLine, examples, port, type Setting, type Verb } from '../setting.ts';
import { type ModelOptions, modelOf, modelOptions } from './model.ts';

interface Options extends ModelOptions {
  readonly root?: string;
  readonly http?: number;
  readonly port: number;
  readonly fleet?: string;
}

/** A free port that nothing well known uses, so that a client's configuration can name it. */
const portDefault = 7878;

/** What models a fleet has whose clients answer for the agents that they spawn. */
const clientsThemselves: FleetConfig['models'] = { client: { kind: 'sampling' } };

/** Models, roles and limits of a fleet file; its roots are left out, because clients are the roots. */
async function freshFleet({ fleet, ...options }: Options): Promise<FleetConfig> {
  if (fleet !== undefined) return { ...(await readClientsFleet(fleet)), roots: [] };
  const { model } = options;
  if (model === undefined) return { models: clientsThemselves, roots: [] };
  const models = { [model]: modelOf(options) };
  const { roots: _, ...file } = checkFleet({ models, roots: [{ prompt: '', model }] }, 'the command line');
  checkKeys(file.models, [model], process.env);
  return { ...file, roots: [] };
}

const note = (text: string): void => tell(`holdfast: ${text}\n`);

/** Resolves with why a person or a supervisor wants it to stop. */
const stopAsked = (): Promise<string> =>
  new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
      process.once(signal, () => resolve(`stopped by ${signal}`));
  });

async function open({ dir }: Setting, options: Options) {
  // Loaded when it is asked for: the other verbs start without it.
  const { Access } = await import('../../mcp/access.ts');
  const access = new Access({ dir, cwd: process.cwd(), fresh: () => freshFleet(options), note });
  await access.door();
  const { root, model } = options;
  const server = {
    access,
    dir,
    cwd: process.cwd(),
    ...(root !== undefined && { root }),
    ...(model !== undefined && { model }),
  };
  return { access, server };
}

async function overHttp(setting: Setting, { access, server }: Awaited<ReturnType<typeof open>>, port: number) {
  const { dir, out } = setting;
  const [{ mcpOverHttp }, { listen }, { tokenFile, tokenOf }, { lookedAfter }] = await Promise.all([
    import('../../mcp/http.ts'),
    import('../../http/listen.ts'),
    import('../../mcp/token.ts'),
    import('../../mcp/health.ts'),
  ]);
  const door = mcpOverHttp(server, tokenOf(dir));
  lookedAfter(door.app, access);
  const listening = await listen(door.app.fetch, { host: '127.0.0.1', port });
  await out.show({ url: `${listening.url}/mcp`, tokenFile: tokenFile(dir), pid: process.pid }, () => [
    `MCP at ${listening.url}/mcp with the bearer token in ${tokenFile(dir)}; Ctrl-C stops in order`,
  ]);
  return async () => {
    await door.close();
    await listening.close();
  };
}

async function stdio(setting: Setting, options: Options): Promise<number> {
  const stopped = stopAsked();
  const opened = await open(setting, options);
  const { access } = opened;
  if (options.http !== undefined) return untilStopped(setting, opened, options.http, stopped);
  const { mcpOverStdio } = await import('../../mcp/stdio.ts');
  const reason = await Promise.race([mcpOverStdio(opened.server, stopped), access.failed]);
  await access.close(reason);
  note(`${reason}; what was in progress goes on with the next start`);
  return exit.done;
}

async function untilStopped(
  setting: Setting,
  opened: Awaited<ReturnType<typeof open>>,
  port: number,
  stopped: Promise<string>,
): Promise<number> {
  const { access } = opened;
  const close = await overHttp(setting, opened, port);
  const reason = await Promise.race([stopped, access.failed]);
  await close();
  await access.close(reason);
  tell(`${reason}; turns in progress stay in progress: ${commandLine(setting.dir, 'resume')}\n`);
  return exit.done;
}

const fleetOption = () => new Option('--fleet <file>', 'models, roles and limits for a log that has no fleet yet');
const models = () =>
  modelOptions(
    'which model answers for the agents that clients spawn',
    ' (default: the client itself, by MCP sampling)',
  );

export const mcpVerb: Verb = (program: Command) => {
  const verb = program
    .command('mcp')
    .description(
      'the tools of agents for an MCP client, which acts as a root: on standard input and output, or over HTTP',
    )
    .option('--root <name>', 'name of the root (default: as the client calls itself)')
    .option('--http <port>', 'over streamable HTTP on this machine instead; 0 for any port', port)
    .addOption(fleetOption())
    .addHelpText(
      'after',
      `${examples(
        'mcp --log ~/.holdfast/work --fleet fleet.json',
        'mcp --root review --model gpt-5.2 --effort low',
        'mcp --model qwen3:8b --base-url http://127.0.0.1:11434/v1',
        'mcp --http 7878',
      )}
Several may run on one log: the first has the fleet open, the others go through it, and when it ends the next takes over.
`,
    )
    .action(acting(stdio));
  for (const option of models()) verb.addOption(option);
};

export const serveVerb: Verb = (program: Command) => {
  const verb = program
    .command('serve')
    .description('keeps a fleet open: MCP, /metrics and /health over HTTP on this machine')
    .option('--port <n>', 'port to listen on; 0 for any', port, portDefault)
    .addOption(fleetOption())
    .addHelpText('after', examples('serve', 'serve --log runs/monday --port 0 -o json', 'serve --fleet fleet.json'))
    .action(
      acting(async (setting: Setting, options: Options) => {
        const stopped = stopAsked();
        const opened = await open(setting, options);
        if (opened.access.fleet === undefined) {
          const { locked, ownerOf } = await import('../../log/owner.ts');
          throw locked(setting.dir, ownerOf(setting.dir));
        }
        return untilStopped(setting, opened, options.port, stopped);
      }),
    );
  for (const option of models()) verb.addOption(option);
};
