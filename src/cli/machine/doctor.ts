/** `doctor`: explains this machine and this log; exit 1 if something is wrong. */

import { columns, oneLine } from '../../words/line.ts';
import { exit } from '../exitCodes.ts';
import { acting, examples, type Verb } from '../setting.ts';
import type { Finding } from './finding.ts';
import { logChecks } from './logChecks.ts';
import { machineChecks } from './machineChecks.ts';

export const doctorVerb: Verb = (program) => {
  program
    .command('doctor')
    .description('explain this machine and this log; exit 1 if something is wrong')
    .addHelpText('after', examples('doctor', 'doctor --log runs/monday -o json'))
    .action(
      acting(async ({ dir, out }) => {
        const findings: Finding[] = [];
        for (const check of [...machineChecks, ...logChecks]) findings.push(await check(dir));
        const sound = findings.every(({ is }) => is !== 'wrong');
        await out.show(out.format === 'json' ? { ok: sound, findings } : findings, () => {
          const paint = { ok: out.colors.green, note: out.colors.yellow, wrong: out.colors.red };
          const rows = columns(findings.map(({ is, what, found }) => [is, what, oneLine(found)]));
          return rows.flatMap((row, i) => {
            const { is, remedy } = findings[i]!;
            return [
              row.replace(is, paint[is](is)),
              ...(remedy === undefined ? [] : [`       remedy: ${oneLine(remedy)}`]),
            ];
          });
        });
        return sound ? exit.done : exit.refused;
      }),
    );
};
