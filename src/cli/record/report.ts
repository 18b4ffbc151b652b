/** `report`: a log as one HTML file for people. */
import { writeFileSync } from 'node:fs';
import { basename, resolve } from 'node:path';
import { Failure } from '../../failure.ts';
import { page } from '../../report/page.ts';
import { storyOf } from '../../report/story.ts';
import { reading, within } from '../opened.ts';
import { acting, examples, type Verb, whole } from '../setting.ts';

interface Options {
  readonly at?: number;
  readonly title?: string;
  readonly force?: boolean;
}

export const reportVerb: Verb = (program) => {
  program
    .command('report')
    .description(
      'one HTML file with the tree, agents over time, slots and refusals; opens in any browser, needs no server',
    )
    .argument('[file]', 'a new file', 'report.html')
    .option('--at <n>', 'up to this position', whole(1))
    .option('--title <text>', 'instead of the name of the log')
    .option('--force', 'write over a file that is there')
    .addHelpText('after', examples('report', 'report monday.html --log runs/monday', 'report --at 120 --force'))
    .action(
      acting(({ dir, out }, file: string, { at, title, force }: Options) =>
        reading(dir, async (log) => {
          const story = await storyOf(log, within(log, at));
          const content = page(story, title ?? basename(resolve(dir)));
          try {
            writeFileSync(file, content, { flag: force === true ? 'w' : 'wx' });
          } catch (error) {
            if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
            throw new Failure('HOLDFAST_USAGE', `${file} exists already`, {
              remedy: 'name a new file, or use --force',
            });
          }
          await out.show(
            { file, events: story.events, agents: story.lanes.length, bytes: Buffer.byteLength(content) },
            () => [`wrote ${story.events} events of ${story.lanes.length} agents to ${file}`],
          );
        }),
      ),
    );
};
