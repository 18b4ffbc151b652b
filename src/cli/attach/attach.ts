/** `attach`: a live terminal on a process. It needs no engine, since it goes to the host; what is typed is recorded all the same. */
import { Option } from 'commander';
import { acting, examples, type Setting, type Verb, whole } from '../setting.ts';
import type { Options } from './attached.ts';
import { helpText } from './keys.ts';

export const attachVerb: Verb = (program) => {
  program
    .command('attach')
    .description('a live terminal on a process, with or without an engine; leaving (Ctrl-] d) never ends it')
    .argument('<id>', 'the process, as `ps` lists it', whole(1000))
    .option('--take', 'take the keyboard away from whoever has it')
    .addOption(new Option('--watch', 'only watch').conflicts('take'))
    .addHelpText(
      'after',
      `\n${helpText}.\nWhoever has the keyboard sets the size of the terminal. Off a terminal the output is written to stdout, from its\nbeginning to the end of the process.\n${examples('attach 1000', 'attach 1000 --watch', 'attach 1000 --take', 'attach 1000 > server.log')}`,
    )
    .action(
      acting(async (setting: Setting, id: number, options: Options) =>
        (await import('./attached.ts')).attach(setting, id, options),
      ),
    );
};
