/** All verbs as one program; usage errors become failures like any other. */
import { Command, CommanderError } from 'commander';
import { Failure } from '../failure.ts';
import { version } from '../version.ts';
import { commonOptions, type Verb } from './setting.ts';
import { fromVerb } from './verbs.ts';

export function programOf(verbs: readonly Verb[]): Command {
  const program = new Command('holdfast')
    .description('A durable, event-sourced runtime for fleets of AI agents: replay, resume, fuzz, audit.')
    .version(version)
    .helpCommand('help [verb]', 'help of a verb, with examples')
    .configureHelp({ showGlobalOptions: true })
    .configureOutput({ outputError: () => {} })
    .exitOverride();
  for (const option of commonOptions()) program.addOption(option);
  for (const verb of verbs) verb(program);
  return program;
}

/** What commander throws: undefined when it only had to show help or the version. */
export function usageFailure(error: CommanderError, argv: readonly string[]): Failure | undefined {
  if (error.exitCode === 0) return undefined;
  const [verb] = fromVerb(argv);
  const known = error.code !== 'commander.unknownCommand' && error.code !== 'commander.help' && verb !== undefined;
  const message = error.code === 'commander.help' ? 'a verb is missing' : error.message.replace(/^error: /, '');
  return new Failure('HOLDFAST_USAGE', message.replaceAll('\n', ' '), {
    remedy: `\`holdfast ${known ? `${verb} ` : ''}--help\` shows how`,
  });
}

export const isUsage = (error: unknown): error is CommanderError => error instanceof CommanderError;
