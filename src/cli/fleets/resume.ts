/** `resume`: continues whatever was unfinished; a fleet that has come to rest and was stopped in order stays as it is. */
import type { State } from '../../../projections/state.ts';
import { isEmpty } from '../../../projections/table.ts';
import { foldLog } from '../../engine/fold.ts';
import { openFleet } from '../../fleet.ts';
import { openReader } from '../../live.ts';
import { checkKeys } from '../../models/key.ts';
import { acting, examples, type Setting, type Verb } from '../setting.ts';
import { type ConductOptions, conduct, endProcessesOption, summaryOf, tellSummary } from './conduct.ts';

function isFinished({ fleet, turns, slots, processes, cells, mail }: State): boolean {
  return (
    fleet.engine === 'stopped' &&
    isEmpty(turns) &&
    isEmpty(slots.queuedBy) &&
    isEmpty(cells.busy) &&
    Object.values(processes.live).every(isEmpty) &&
    Object.values(mail.inboxes).every(({ triggers }) => triggers === 0)
  );
}

async function stateOf(dir: string): Promise<State> {
  const log = await openReader(dir);
  try {
    return await foldLog(log);
  } finally {
    await log.close();
  }
}

async function resume(setting: Setting, options: ConductOptions): Promise<number | undefined> {
  const { dir } = setting;
  const before = await stateOf(dir);
  if (isFinished(before)) {
    await tellSummary(setting, await summaryOf(dir));
    return undefined;
  }
  // A turn whose model cannot be asked would fail for good; without the key it stays as it is.
  const atWork = Object.values(before.turns).map(({ agentId }) => before.agents[agentId]!.model);
  checkKeys(before.fleet.file?.models, atWork, process.env);
  return conduct(setting, options, async (socket) => ({
    fleet: await openFleet({ log: dir, socket }),
    from: before.position + 1,
  }));
}

export const resumeVerb: Verb = (program) => {
  program
    .command('resume')
    .description('open a log and continue whatever was unfinished; ends like `run`, at once on a finished log')
    .option(...endProcessesOption)
    .addHelpText('after', examples('resume', 'resume --log runs/monday', 'resume -o json'))
    .action(acting(resume));
};
