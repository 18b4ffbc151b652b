/** `bench`: measures this machine and this build. */
import type { BenchReport } from '../../bench/bench.ts';
import { tell } from '../output.ts';
import { acting, examples, type Verb } from '../setting.ts';

interface Options {
  readonly quick?: boolean;
  readonly dir?: string;
}

export const benchVerb: Verb = (program) => {
  program
    .command('bench')
    .description('measure this machine: each figure beside its limit, taken in the same run')
    .argument('[figure...]', 'families to measure (default: all)')
    .option('--quick', 'smaller logs')
    .option('--dir <dir>', 'where logs are written while measuring (default: the temporary folder)')
    .addHelpText('after', examples('bench --quick', 'bench -o json > bench.json'))
    .action(
      acting(async ({ out }, figures: readonly string[], { quick, dir }: Options) => {
        // Loaded when it is asked for: the other verbs start without it.
        const { renderBench, runBench } = await import('../../bench/bench.ts');
        const report: BenchReport = await runBench({
          ...(figures.length > 0 && { figures }),
          ...(quick !== undefined && { quick }),
          ...(dir !== undefined && { dir }),
          ...(process.stderr.isTTY && { onProgress: (what: string) => tell(`${what}\n`) }),
        });
        await out.show(report, () => [renderBench(report)]);
      }),
    );
};
