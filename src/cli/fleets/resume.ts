/** `resume`: continues whatever was unfinished; a fleet that has come to rest and was stopped in order stays as it is. */
import type { State } from '../../../projections/state.ts';
import { isEmpty } from '../../../projections/table.ts';
import { foldLog } from '../../engine/fold.ts';
import { type Fleet, openFleet } from '../../fleet.ts';
import { openReader } from '../../live.ts';
import { checkKeys } from '../../models/key.ts';
import { answerOf } from '../operator/operate.ts';
import { acting, examples, type Setting, type Verb } from '../setting.ts';
import { type ConductOptions, conduct, endProcessesOption, summaryOf, tellSummary } from './conduct.ts';
import { tellAnswer } from './prompted.ts';

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

interface Options extends ConductOptions {
  /** Another task for the root. */
  readonly prompt?: string;
}

/** Throws what is refused; then the fleet is as it was. */
async function given(fleet: Fleet, prompt: string | undefined): Promise<Fleet> {
  if (prompt === undefined) return fleet;
  try {
    answerOf(await fleet.send('/root', prompt, { followup: true }));
    return fleet;
  } catch (error) {
    await fleet.stop('its new task was refused');
    throw error;
  }
}

async function resume(setting: Setting, { prompt, ...options }: Options): Promise<number | undefined> {
  const { dir } = setting;
  const before = await stateOf(dir);
  if (prompt === undefined && isFinished(before)) {
    await tellSummary(setting, await summaryOf(dir));
    return undefined;
  }
  // A turn whose model cannot be asked would fail for good; without the key it stays as it is.
  const atWork = Object.values(before.turns).map(({ agentId }) => agentId);
  const asked = prompt === undefined ? atWork : [...atWork, ...before.roots];
  checkKeys(
    before.fleet.file?.models,
    asked.map((agentId) => before.agents[agentId]!.model),
    process.env,
  );
  const code = await conduct(setting, options, async (socket) => ({
    fleet: await given(await openFleet({ log: dir, socket }), prompt),
    from: before.position + 1,
  }));
  return prompt === undefined ? code : tellAnswer(setting, code);
}

export const resumeVerb: Verb = (program) => {
  program
    .command('resume')
    .description('open a log and continue whatever was unfinished; ends like `run`, at once on a finished log')
    .option('--prompt <text>', 'another task for the root, which knows what it has done before')
    .option(...endProcessesOption)
    .addHelpText(
      'after',
      examples('resume', 'resume --log runs/monday', 'resume -o json', "resume --prompt 'And now the tests'"),
    )
    .action(acting(resume));
};
