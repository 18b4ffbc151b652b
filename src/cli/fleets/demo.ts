/** `demo`: a tour on a small scripted fleet, or the main job of this package, each in a log of its own. */
import { mkdirSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { stateVersion } from '../../../projections/state.ts';
import { foldLog, stateHash } from '../../engine/fold.ts';
import { readFleetFile } from '../../fleetFile.ts';
import { reading } from '../opened.ts';
import { acting, examples, type Setting, type Verb } from '../setting.ts';
import { summaryOf } from './conduct.ts';
import { demoFleet } from './demoFleet.ts';
import { run } from './run.ts';

/** Of this package: the job is about its own checkout. */
const packageRoot = fileURLToPath(
  new URL(import.meta.url.includes('/dist/') ? '../../../..' : '../../..', import.meta.url),
);

const before = [
  'Holdfast runs fleets of agents and keeps everything that happens in a log. Here is a small one; a script stands in for',
  'its model. A root wants four helpers, but only two may work at once (slots), and only three fit into memory',
  '(residents): one spawn is refused and tried again, agents are unloaded and come back. Look:',
  '',
];

/** What the log is good for, shown on the one that was just written. */
async function tour({ dir, out }: Setting): Promise<void> {
  const { slotsMostAt } = await summaryOf(dir);
  const [now, middle] = await reading(dir, async (log) => [
    stateHash(await foldLog(log, { snapshots: false })),
    stateHash(await foldLog(log, { to: slotsMostAt, snapshots: false })),
  ]);
  await out.lines([
    '',
    `Replayed from the first event: state version ${stateVersion}, hash ${now}, the same as above.`,
    `At event ${slotsMostAt}, when most slots were held, it was ${middle}.`,
  ]);
}

async function small(setting: Setting): Promise<number> {
  const own = { ...setting, dir: setting.given ? setting.dir : mkdtempSync(join(tmpdir(), 'holdfast-demo-')) };
  const isText = own.out.format === 'text';
  if (isText) await own.out.lines(before);
  const code = await run(own, demoFleet, { endProcesses: true });
  if (isText && code === 0) await tour(own);
  return code;
}

/** A folder below the current one that nobody has used: earlier logs are kept. */
function newRun(): string {
  const runs = '.holdfast-runs';
  mkdirSync(runs, { recursive: true, mode: 0o700 });
  const now = new Date().toISOString().slice(0, 19).replaceAll(':', '-');
  for (let n = 1; ; n++) {
    const dir = join(runs, n === 1 ? now : `${now}-${n}`);
    try {
      mkdirSync(dir, { mode: 0o700 });
      return dir;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
  }
}

async function main(setting: Setting): Promise<number> {
  const fleet = await readFleetFile(join(packageRoot, 'fixtures/fleets/main.json'));
  const own = { ...setting, dir: setting.given ? setting.dir : newRun() };
  return run(own, fleet, { cwd: packageRoot, endProcesses: true });
}

export const demoVerb: Verb = (program) => {
  program
    .command('demo')
    .description('a tour on a small scripted fleet, in a log of its own')
    .option(
      '--main',
      'the main job instead: eight agents look over the checkout of this package (what `npm start` runs)',
    )
    .addHelpText('after', examples('demo', 'demo --main'))
    .action(acting((setting, options: { main?: boolean }) => (options.main === true ? main(setting) : small(setting))));
};
