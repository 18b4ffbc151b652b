/** `fuzz`: runs the real engine in simulated worlds full of faults and crashes until a promise is broken or the time is over. */
import { mkdir, open } from 'node:fs/promises';
import { join } from 'node:path';
import type { Coverage } from '../../simulate/coverage.ts';
import type { FuzzCounts, Fuzzed, FuzzFailure } from '../../simulate/fuzz.ts';
import { exit } from '../exitCodes.ts';
import { tell } from '../output.ts';
import { acting, commandLine, examples, type Setting, type Verb, whole } from '../setting.ts';

const runsDefault = 1_000;
/** A history takes some hundredths of a second; on a machine that is very busy, and with all checks, some seconds. */
const patienceSeconds = 60;
/** Between two lines of progress: for a person who watches, and for whoever reads a protocol later. */
const progressMs = { terminal: 1_000, file: 10_000 } as const;
/** Seeds are given at random when none is asked for. */
const seedMax = 2 ** 31 - 1;

interface Options {
  readonly runs?: number;
  readonly seed?: number;
  readonly seconds?: number;
  readonly plant?: string;
  readonly save?: string;
  readonly patience?: number;
}

const countsText = ({ runs, events, perSecond, eventsPerSecond, faults, crashes }: FuzzCounts): string =>
  `${runs} histories (${perSecond}/s), ${events} events (${eventsPerSecond}/s), ${faults} faults, ${crashes} crashes`;

function coverageText({ events, missing, kinds, statuses, promises }: Coverage): string[] {
  const seen = Object.keys(events).length;
  const never = missing.length === 0 ? '' : `; never: ${missing.join(', ')}`;
  const entered = Object.entries(statuses).map(([status, times]) => `${status} ${times}`);
  return [
    `reached: ${seen} of ${seen + missing.length} event types in ${kinds} kinds${never}`,
    `statuses: ${entered.join(', ')}`,
    `promises held: ${promises.join(' ')}`,
  ];
}

function progress(): (so: FuzzCounts) => void {
  const every = process.stderr.isTTY ? progressMs.terminal : progressMs.file;
  let last = performance.now();
  return (so) => {
    if (performance.now() - last < every) return;
    last = performance.now();
    tell(`${countsText(so)}\n`);
  };
}

/** The history as a fixture, and its log as `import` reads it. */
async function save(dir: string, { seed, violated, message, history, endless }: FuzzFailure): Promise<string[]> {
  const { outcomeOf } = await import('../../simulate/fuzz.ts');
  const { exported } = await import('../../rollouts/own.ts');
  await mkdir(dir, { recursive: true });
  const historyFile = join(dir, `history-${seed}.json`);
  const logFile = join(dir, `log-${seed}.jsonl`);
  const text = `${JSON.stringify({ broken: violated, what: message, history }, null, 2)}\n`;
  const file = await open(historyFile, 'w', 0o600);
  await file.writeFile(text).finally(() => file.close());
  // Nobody sees the log of a history that does not end.
  if (endless === true) return [historyFile];
  const { world } = await outcomeOf(history);
  const log = await open(logFile, 'w', 0o600);
  try {
    for await (const lines of exported(world.disk.reader())) await log.write(`${lines.join('\n')}\n`);
  } finally {
    await log.close();
  }
  return [historyFile, logFile];
}

async function report(setting: Setting, options: Options, fuzzed: Fuzzed, stopped: boolean): Promise<number> {
  const { dir, out } = setting;
  const { failure, ...counts } = fuzzed;
  if (failure === undefined) {
    await out.show(counts, () => [
      countsText(counts),
      ...coverageText(counts.coverage),
      `logs ${counts.logs}: the same for these seeds on every machine`,
      stopped ? 'stopped; no promise was broken so far' : 'no promise was broken',
    ]);
    return stopped ? exit.stopped : exit.done;
  }
  const { run, seed, violated, message, history, endless } = failure;
  const { described } = await import('../../simulate/describe.ts');
  const plant = options.plant === undefined ? [] : ['--plant', options.plant];
  const replay = commandLine(dir, 'fuzz', '--runs', '1', '--seed', String(seed), ...plant);
  const saved = options.save === undefined ? [] : await save(options.save, failure);
  await out.show(
    {
      ...counts,
      ...{ run, seed, violated, message, history, replay },
      ...(endless === true && { endless }),
      ...(saved.length > 0 && { saved }),
    },
    () => [
      countsText(counts),
      // What a thread has reached that was ended is not known.
      ...(endless === true ? [] : coverageText(counts.coverage)),
      '',
      `history ${run} (seed ${seed}) breaks ${violated}:`,
      message,
      '',
      endless === true ? 'as it was found:' : 'the shortest history that does it:',
      described(history),
      '',
      ...saved.map((file) => `saved: ${file}`),
      `again: ${replay}`,
    ],
  );
  return exit.refused;
}

async function run(setting: Setting, options: Options): Promise<number> {
  // Loaded when it is asked for: the other verbs start without it.
  const { fuzzAside } = await import('../../simulate/aside.ts');
  const { runs = options.seconds === undefined ? runsDefault : Number.POSITIVE_INFINITY, seconds, plant } = options;
  const seed = options.seed ?? 1 + Math.floor(Math.random() * seedMax);
  const stop = new AbortController();
  const asked = () => {
    if (stop.signal.aborted) process.exit(exit.stopped);
    stop.abort();
  };
  process.on('SIGINT', asked).on('SIGTERM', asked);
  if (setting.out.format === 'text') tell(`from seed ${seed}; Ctrl-C stops and says what was found so far\n`);
  try {
    const fuzzed = await fuzzAside({
      historyMsMax: (options.patience ?? patienceSeconds) * 1000,
      seed,
      runs,
      signal: stop.signal,
      onProgress: progress(),
      ...(seconds !== undefined && { seconds }),
      ...(plant !== undefined && { plant }),
    });
    return await report(setting, options, fuzzed, stop.signal.aborted);
  } finally {
    process.off('SIGINT', asked).off('SIGTERM', asked);
  }
}

export const fuzzVerb: Verb = (program) => {
  program
    .command('fuzz')
    .description('the engine in simulated worlds of faults and crashes, until one breaks a promise; exit 1 if one does')
    .option('--runs <n>', `histories (default: ${runsDefault}, or as many as --seconds allows)`, whole(1))
    .option('--seed <s>', 'seed of the first history (default: by chance)', whole(0))
    .option('--seconds <t>', 'begin no history after so long', whole(1))
    .option('--plant <name>', 'put a known defect back into the engine, to see that it is found')
    .option('--patience <s>', `seconds after which a history does not end (default: ${patienceSeconds})`, whole(1))
    .option('--save <dir>', 'write a failing history and its log (for `import`) there')
    .addHelpText(
      'after',
      examples('fuzz', 'fuzz --seconds 60 -o json', 'fuzz --plant R6 --save found', 'fuzz --runs 1 --seed 45'),
    )
    .action(acting((setting, options: Options) => run(setting, options)));
};
