/** `registrar`: a small registrar on this machine, for trying out identities and tasks. */
import type { Command } from 'commander';
import { InvalidArgumentError } from 'commander';
import { Failure } from '../../failure.ts';
import { exit } from '../exitCodes.ts';
import { tell } from '../output.ts';
import { acting, examples, port, type Verb, whole } from '../setting.ts';

const portDefault = 4010;
/** Token and account of who may register: in the environment, where tokens belong. */
const tokensVariable = 'HOLDFAST_REGISTRAR_TOKENS';

/** `TOKEN=ACCOUNT,TOKEN=ACCOUNT`. */
function tokensIn(text: string | undefined): Record<string, string> | undefined {
  if (text === undefined || text === '') return undefined;
  const pairs = text.split(',').map((pair) => pair.split('='));
  if (pairs.some((pair) => pair.length !== 2 || pair.includes(''))) {
    throw new Failure('HOLDFAST_USAGE', `$${tokensVariable} is not TOKEN=ACCOUNT, separated by commas`, {
      remedy: `for example \`${tokensVariable}=let-me-in=team-a\``,
    });
  }
  return Object.fromEntries(pairs);
}

const seconds = (text: string): number => {
  const value = whole(1)(text);
  if (value > 31_536_000) throw new InvalidArgumentError('at most a year.');
  return value;
};

interface Options {
  readonly host: string;
  readonly port: number;
  readonly ttl?: number;
  readonly sealed?: boolean;
  readonly delay: number;
}

export const registrarVerb: Verb = (program: Command) => {
  program
    .command('registrar')
    .description('a registrar on this machine, for trying out; it keeps everything in memory')
    .option('--port <n>', 'port to listen on; 0 for any', port, portDefault)
    .option('--host <address>', 'address to listen on', '127.0.0.1')
    .option('--ttl <seconds>', 'tasks are over after so long (default: never)', seconds)
    .option('--sealed', 'send task ids in sealed boxes')
    .option('--delay <ms>', 'answer so late', whole(0), 0)
    .addHelpText(
      'after',
      `${examples(
        'registrar',
        'registrar --ttl 3600 --sealed',
        `registrar -o json   # one line with the address, then nothing until Ctrl-C`,
      )}
Who may register stands in $${tokensVariable} as TOKEN=ACCOUNT, separated by commas; without it anybody may.
  GET    /v1/whoami                  who the AgentAssertion header of a request speaks for, or 401
  GET    /v1/tasks                   all tasks of an account
  DELETE /v1/task/TASK               takes a task back
  DELETE /v1/agent/RUNTIME           takes an agent back, and all its tasks
`,
    )
    .action(
      acting(async ({ out }, { ttl, sealed, delay, ...at }: Options) => {
        // Loaded when it is asked for: the other verbs start without it.
        const { serveRegistrar } = await import('../../identity/listen.ts');
        const tokens = tokensIn(process.env[tokensVariable]);
        const server = await serveRegistrar(
          {
            ...(tokens !== undefined && { tokens }),
            ...(ttl !== undefined && { ttlMs: ttl * 1000 }),
            ...(sealed === true && { sealed }),
            delayMs: delay,
          },
          at,
        );
        await out.show({ url: server.url }, () => [`registrar at ${server.url}; Ctrl-C stops it`]);
        await new Promise<void>((resolve) => process.once('SIGINT', resolve).once('SIGTERM', resolve));
        await server.close();
        tell('registrar stopped; what it had registered is forgotten\n');
        return exit.done;
      }),
    );
};
