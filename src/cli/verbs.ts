/**
 * Every verb of the command line, in the order of the help, by the file that has it. A verb that is called loads its own
 * file and what that needs, and nothing of the others.
 */
import type { Verb } from './setting.ts';

interface File {
  readonly names: readonly string[];
  readonly load: () => Promise<readonly Verb[]>;
}

const file = (names: string, load: () => Promise<readonly Verb[]>): File => ({ names: names.split(' '), load });

const files: readonly File[] = [
  file('run', async () => [(await import('./fleets/run.ts')).runVerb]),
  file('resume', async () => [(await import('./fleets/resume.ts')).resumeVerb]),
  file('log', async () => [(await import('./questions/log.ts')).logVerb]),
  file('show', async () => [(await import('./questions/show.ts')).showVerb]),
  file('ps', async () => [(await import('./operator/ps.ts')).psVerb]),
  file('report', async () => [(await import('./record/report.ts')).reportVerb]),
  file('spans', async () => [(await import('./questions/spans.ts')).spansVerb]),
  file('replay', async () => [(await import('./history/replay.ts')).replayVerb]),
  file('why', async () => [(await import('./questions/why.ts')).whyVerb]),
  file('verify salvage', async () => (await import('./record/verify.ts')).recordVerbs),
  file('checkpoint prove check-proof', async () => (await import('./record/proofs.ts')).proofVerbs),
  file('diff', async () => [(await import('./history/diff.ts')).diffVerb]),
  file('bisect', async () => [(await import('./history/bisect.ts')).bisectVerb]),
  file('export import', async () => (await import('./record/exportImport.ts')).rolloutVerbs),
  file('answer', async () => [(await import('./operator/answer.ts')).answerVerb]),
  file('budget', async () => [(await import('./operator/budget.ts')).budgetVerb]),
  file('send interrupt close unbind', async () => (await import('./operator/operate.ts')).operatorVerbs),
  file('detach reattach clean stop', async () => (await import('./operator/processVerbs.ts')).processVerbs),
  file('forget', async () => [(await import('./record/forget.ts')).forgetVerb]),
  file('attach', async () => [(await import('./attach/attach.ts')).attachVerb]),
  file('cell', async () => [(await import('./operator/cell.ts')).cellVerb]),
  file('stop-host', async () => [(await import('./operator/stopHost.ts')).stopHostVerb]),
  file('mcp', async () => [(await import('./fleets/mcp.ts')).mcpVerb]),
  file('serve', async () => [(await import('./fleets/mcp.ts')).serveVerb]),
  file('registrar', async () => [(await import('./machine/registrar.ts')).registrarVerb]),
  file('fuzz', async () => [(await import('./machine/fuzz.ts')).fuzzVerb]),
  file('bench', async () => [(await import('./machine/bench.ts')).benchVerb]),
  file('doctor', async () => [(await import('./machine/doctor.ts')).doctorVerb]),
  file('demo', async () => [(await import('./fleets/demo.ts')).demoVerb]),
];

/** Options before the verb that have a value behind them. */
const valued = ['--log', '-o', '--output'];

/** The words of a command line from its verb on. */
export function fromVerb(argv: readonly string[]): readonly string[] {
  for (let i = 0; i < argv.length; i += 1) {
    if (valued.includes(argv[i]!)) i += 1;
    else if (!argv[i]!.startsWith('-')) return argv.slice(i);
  }
  return [];
}

/** The verbs that a command line can mean: those of one file, or all of them where that is not known. */
export async function verbsFor(argv: readonly string[]): Promise<readonly Verb[]> {
  const [first, second] = fromVerb(argv);
  const name = first === 'help' ? second : first;
  const own = files.find(({ names }) => name !== undefined && names.includes(name));
  const wanted = own === undefined ? files : [own];
  return (await Promise.all(wanted.map(({ load }) => load()))).flat();
}
