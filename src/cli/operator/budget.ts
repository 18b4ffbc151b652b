/** `budget`: changes what the models of a fleet may cost, of one that runs or of one at rest. */
import { InvalidArgumentError } from 'commander';
import type { Budget } from '../../../events/fleetFile.ts';
import type { BudgetGiven } from '../../decide/budget.ts';
import { budgetText } from '../../words/quantity.ts';
import { acting, commandLine, examples, type Verb } from '../setting.ts';
import { actAnywhere } from './anywhere.ts';

type Limit = number | 'none';

function limit(text: string): Limit {
  if (text === 'none') return text;
  if (/^\d+(\.\d+)?$/.test(text)) return Number(text);
  throw new InvalidArgumentError('a number from 0 on, or `none`, is needed.');
}

interface Changed {
  readonly budget: Budget;
  readonly goOn: readonly string[];
}

export const budgetVerb: Verb = (program) => {
  program
    .command('budget')
    .description(
      'change what models may cost; agents that were stopped by the budget go on. `show budget` says what was spent',
    )
    .option('--tokens <n>', 'tokens of each root with all agents below it, or `none`', limit)
    .option('--money <n>', 'the same in the currency of the prices', limit)
    .option('--agent-tokens <n>', 'tokens of each agent by itself', limit)
    .option('--agent-money <n>', 'the same in the currency of the prices', limit)
    .addHelpText(
      'after',
      examples('budget --tokens 2000000', 'budget --money 5 --agent-money 1', 'budget --money none'),
    )
    .action(
      acting((setting, limits: Readonly<Record<string, Limit>>) => {
        const given: BudgetGiven = Object.fromEntries(
          Object.entries(limits).map(([name, value]) => [name, value === 'none' ? null : value]),
        );
        return actAnywhere<Changed>(setting, 'budget', { do: 'changeBudget', given }, ({ budget, goOn }, runs) => {
          const who = goOn.length === 0 ? '' : `; ${goOn.join(', ')} ${goOn.length === 1 ? 'goes' : 'go'} on`;
          const how = goOn.length === 0 || runs ? '' : ` with \`${commandLine(setting.dir, 'resume')}\``;
          return `${budgetText(budget)}${who}${how}`;
        });
      }),
    );
};
