/** `ps`: the processes of the fleet with what they take of the machine now, as a table or a document. */
import type { Process, State } from '../../../projections/state.ts';
import { foldLog } from '../../engine/fold.ts';
import { type Family, marksOf } from '../../host/family.ts';
import { readSpool } from '../../host/spoolReader.ts';
import { type Usage, usageOf } from '../../host/usage.ts';
import { commandText } from '../../words/describe.ts';
import { columns, cut, oneLine } from '../../words/line.ts';
import { sizeText, spanText } from '../../words/quantity.ts';
import { reading } from '../opened.ts';
import * as sections from '../questions/sections.ts';
import { acting, examples, type Verb } from '../setting.ts';

interface Which {
  readonly all?: boolean;
  readonly detached?: boolean;
}

type Row = ReturnType<typeof sections.processes>[number] & {
  readonly ageMs: number;
  readonly outputBytes: number;
} & Partial<Usage>;

const commandColumnsMax = 60;

const isLive = ({ end }: Process): boolean => end === undefined;

const isWanted = (process: Process, { all, detached }: Which): boolean =>
  detached === true ? isLive(process) && process.place === 'detached' : all === true || isLive(process);

const familyOf = ({ processId, hostId, group, startTime, bootId }: Process): Family => ({
  ...(group !== undefined && { group }),
  ...(startTime !== undefined && { startTime }),
  bootId: bootId ?? '',
  marks: marksOf(hostId, processId),
});

/** What the log says, and beside it what disk and kernel say now: output so far, and processor and memory of the living. */
function rowsOf(dir: string, state: State, which: Which): Row[] {
  const wanted = Object.values(state.processes.all).filter((process) => isWanted(process, which));
  const living = wanted.filter(isLive);
  const usage = new Map(usageOf(living.map(familyOf)).map((taken, i) => [living[i]!.processId, taken]));
  const known = new Map(sections.processes(state).map((row) => [row.processId, row]));
  return wanted
    .sort((a, b) => a.processId - b.processId)
    .map(({ processId, at, end }) => ({
      ...known.get(processId)!,
      ageMs: (end?.at ?? Date.now()) - at,
      outputBytes: end?.outputBytes ?? readSpool(dir, processId, 0, 0)?.size ?? 0,
      ...usage.get(processId),
    }));
}

/** Where a live process is, or how one ended. */
const stateText = ({ is, place, code, signal }: Row): string =>
  is === 'live'
    ? place
    : is === 'requested'
      ? 'starting'
      : `${is}${code == null && signal == null ? '' : ` ${signal ?? code}`}`;

const table = (rows: readonly Row[]): string[] =>
  rows.length === 0
    ? ['no processes']
    : columns([
        ['PROCESS', 'PID', 'AGENT', 'STATE', 'AGE', 'OUTPUT', 'CPU', 'MEMORY', 'ON', 'COMMAND'],
        ...rows.map((row) => [
          String(row.processId),
          row.pid === undefined ? '' : String(row.pid),
          row.path,
          stateText(row),
          spanText(row.ageMs),
          sizeText(row.outputBytes),
          row.cpuMs === undefined ? '' : spanText(row.cpuMs),
          row.memoryBytes === undefined ? '' : sizeText(row.memoryBytes),
          row.tty ? 'terminal' : 'pipes',
          cut(oneLine(commandText(row.command)), commandColumnsMax),
        ]),
      ]);

export const psVerb: Verb = (program) => {
  program
    .command('ps')
    .description('the live processes of the fleet, with age, output, processor time and memory of each whole group')
    .option('-a, --all', 'those that have ended, too')
    .option('--detached', 'only live ones that no agent in memory holds')
    .addHelpText('after', examples('ps', 'ps --detached', 'ps --all -o jsonl'))
    .action(
      acting(({ dir, out }, which: Which) =>
        reading(dir, async (log) => {
          const rows = rowsOf(dir, await foldLog(log), which);
          await out.show(rows, () => table(rows));
        }),
      ),
    );
};
