/** `show`: what is true now or was at a position, as tables or documents. */
import type { Command } from 'commander';
import { Argument } from 'commander';
import type { State } from '../../../projections/state.ts';
import { foldLog } from '../../engine/fold.ts';
import { storyOf } from '../../report/story.ts';
import { columns, moment } from '../../words/line.ts';
import { reading, within } from '../opened.ts';
import { acting, examples, type Setting, type Verb, whole } from '../setting.ts';
import * as sections from './sections.ts';
import * as tables from './tables.ts';
import { timeline } from './timeline.ts';

interface View {
  readonly document: (state: State) => unknown;
  readonly text: (state: State) => string[];
}

const views: Readonly<Record<string, View>> = {
  agents: { document: sections.agents, text: (s) => tables.agentsTable(sections.agents(s)) },
  approvals: { document: sections.approvals, text: (s) => tables.approvalsTable(sections.approvals(s)) },
  budget: { document: sections.budget, text: (s) => tables.budgetTable(sections.budget(s)) },
  slots: { document: sections.slots, text: (s) => tables.slotsTable(sections.slots(s)) },
  residents: {
    document: sections.residents,
    text: (s) => [
      `${s.residents.count} of ${s.fleet.limits.residents} residents, least recently used first`,
      ...tables.residentsTable(sections.residents(s)),
    ],
  },
  mail: { document: sections.mail, text: (s) => tables.mailTable(sections.mail(s)) },
  turns: { document: sections.turns, text: (s) => tables.turnsTable(sections.turns(s)) },
  tasks: {
    document: sections.tasks,
    text: (s) => [tables.identityLine(sections.identity(s)), ...tables.tasksTable(sections.tasks(s))],
  },
  processes: { document: sections.processes, text: (s) => tables.processesTable(sections.processes(s)) },
  cells: { document: sections.cells, text: (s) => tables.cellsTable(sections.cells(s)) },
};

const overview: View = {
  document: sections.overview,
  text: (state) => {
    const { identity, fleetId, position, at, engine, epoch, limits, slotsHeld, residents, turns, processes, cells } =
      sections.overview(state);
    return [
      ...columns([
        ['fleet', fleetId],
        ['position', `${position} (${moment(at)}), life ${epoch}, engine ${engine}`],
        ['slots', `${slotsHeld} held, ${limits.activeTurns} per tree`],
        ['residents', `${residents} of ${limits.residents}`],
        ['turns', `${turns} in progress`],
        ['processes', `${processes} live`],
        ['cells', `${cells} live`],
        ['identity', tables.identityLine(identity)],
      ]),
      '',
      ...tables.agentsTable(sections.agents(state)),
    ];
  },
};

const show = ({ dir, out }: Setting, view: View, at?: number): Promise<void> =>
  reading(dir, async (log) => {
    const state = await foldLog(log, { to: within(log, at) });
    await out.show(view.document(state), () => view.text(state));
  });

/** Columns where nobody looks on: files are read in windows about this wide. */
const columnsDefault = 120;

/** What was, not only what is: it reads the whole log. */
const overTime = ({ dir, out }: Setting, at: number | undefined): Promise<void> =>
  reading(dir, async (log) => {
    const story = await storyOf(log, within(log, at));
    const { from, to, lanes, refusals, downs, loads } = story;
    const document = { from, to, lanes, slots: Object.fromEntries(loads), refusals, downs };
    await out.show(out.format === 'jsonl' ? lanes : document, () =>
      timeline(story, process.stdout.columns ?? columnsDefault),
    );
  });

export const showVerb: Verb = (program: Command) => {
  program
    .command('show')
    .description('a projection, now or at a position; without a name: an overview')
    .addArgument(new Argument('[what]', 'which one').choices([...Object.keys(views), 'timeline']))
    .option('--at <n>', 'as it was after the event at this position', whole(1))
    .addHelpText('after', examples('show', 'show slots --at 120', 'show agents -o json', 'show timeline'))
    .action(
      acting((setting, what: string | undefined, { at }: { at?: number }) =>
        what === 'timeline' ? overTime(setting, at) : show(setting, what === undefined ? overview : views[what]!, at),
      ),
    );
};
