/** `run`: a new fleet from a fleet file, or one root from the command line, into a fresh log. */
import { existsSync } from 'node:fs';
import { Failure } from '../../failure.ts';
import { type FleetConfig, openFleet } from '../../fleet.ts';
import { type CheckedFleet, readFleetFile } from '../../fleetFile.ts';
import { folderOf, refuseStrangers } from '../../log/folder.ts';
import { readHead } from '../../log/headFile.ts';
import { locked, ownerOf } from '../../log/owner.ts';
import { checkKeys } from '../../models/key.ts';
import { acting, commandLine, examples, type Setting, type Verb } from '../setting.ts';
import { type ConductOptions, conduct, endProcessesOption } from './conduct.ts';
import { type PromptOptions, promptedFleet, promptOptions, tellAnswer } from './prompted.ts';

type Options = ConductOptions & PromptOptions;

const usage = (message: string): Failure =>
  new Failure('HOLDFAST_USAGE', message, { remedy: '`holdfast run --help` shows how' });

/** A used log is refused before it is opened for writing: it stays as it was. */
function refuseUsed(dir: string): void {
  refuseStrangers(dir);
  if (!existsSync(dir)) return;
  const owner = ownerOf(dir);
  if (owner !== undefined) throw locked(dir, owner);
  const head = readHead(folderOf(dir).head);
  const events = typeof head === 'string' ? 0 : head.position;
  if (events === 0) return;
  throw new Failure('HOLDFAST_LOG_IN_USE', `the log ${dir} already holds a fleet (${events} events)`, {
    remedy: `continue it with \`${commandLine(dir, 'resume')}\`, or name another folder with --log`,
    details: { dir, events },
  });
}

async function fleetOf(file: string | undefined, options: Options): Promise<CheckedFleet> {
  const { prompt, model } = options;
  if (file !== undefined) {
    if (prompt !== undefined || model !== undefined)
      throw usage('give a fleet file, or --prompt and --model, not both');
    return readFleetFile(file);
  }
  if (prompt === undefined || model === undefined) throw usage('a fleet file is missing, or --prompt and --model');
  return promptedFleet({ ...options, prompt, model });
}

/** `cwd`: where agents work that say nothing else; absent: the current folder. */
export async function run(
  setting: Setting,
  fleet: FleetConfig,
  { cwd, ...options }: ConductOptions & { readonly cwd?: string } = {},
): Promise<number> {
  refuseUsed(setting.dir);
  return conduct(setting, options, async (socket) => ({
    fleet: await openFleet({ log: setting.dir, fleet, socket, ...(cwd !== undefined && { cwd }) }),
    from: 1,
  }));
}

export const runVerb: Verb = (program) => {
  const verb = program
    .command('run')
    .description('start a fleet and follow it live until it comes to rest')
    .argument('[fleet.json]', 'a fleet file')
    .option(...endProcessesOption)
    .addHelpText(
      'after',
      examples(
        'run fleet.json',
        'run fleet.json --log runs/monday -o jsonl > events.jsonl',
        "run --prompt 'Check the build' --model gpt-5.2 --effort high",
        "run --prompt 'Check the build' --model qwen3:8b --base-url http://127.0.0.1:11434/v1",
      ),
    )
    .action(
      acting(async (setting, file: string | undefined, options: Options) => {
        const fleet = await fleetOf(file, options);
        checkKeys(
          fleet.models,
          fleet.roots.map(({ model }) => model),
          process.env,
        );
        const code = await run(setting, fleet, options);
        return file === undefined ? tellAnswer(setting, code) : code;
      }),
    );
  for (const option of promptOptions()) verb.addOption(option);
};
