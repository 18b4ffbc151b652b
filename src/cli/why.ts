/** `why`: the chain of events that explains a slot, a refusal, an agent, a process or a mail. */
import { Argument } from 'commander';
import { foldLog } from '../engine/fold.ts';
import { line } from './describe.ts';
import { Evidence } from './evidence.ts';
import { Names } from './names.ts';
import { reading } from './opened.ts';
import { reasons } from './reasons.ts';
import { acting, examples, type Verb } from './setting.ts';

export const whyVerb: Verb = (program) => {
  program
    .command('why')
    .description('the chain of events that explains something')
    .addArgument(new Argument('<what>', 'kind of thing').choices(Object.keys(reasons)))
    .argument('<id>', 'its id or the last group of it; a path for an agent or its slot; `last` for the newest refusal')
    .addHelpText(
      'after',
      examples(
        'why refusal last',
        'why slot /root/builder',
        'why agent /root/builder',
        'why mail 3f21c08b9a64 -o json',
      ),
    )
    .action(
      acting(({ dir, out }, what: string, id: string) =>
        reading(dir, async (log) => {
          const evidence = new Evidence(log);
          const because = await reasons[what]!({ state: await foldLog(log), evidence, id });
          const events = evidence.inOrder();
          const names = new Names();
          await names.learn(log, events);
          const document = out.format === 'jsonl' ? events : { what, id, because, events };
          await out.show(document, () => [because, ...events.map((event) => line(event, names))]);
        }),
      ),
    );
};
