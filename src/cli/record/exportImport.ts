/** `export` and `import`: a log as JSON lines and back, byte for byte; and the rollouts of other tools. */
import { createReadStream, createWriteStream, existsSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { open, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { Option } from 'commander';
import { assert, Failure } from '../../failure.ts';
import { openLog } from '../../live.ts';
import { filledAside, isUnused } from '../../log/filledAside.ts';
import { refuseStrangers } from '../../log/folder.ts';
import { type Tool, tools } from '../../rollouts/importing.ts';
import { batchesOf, exported, importInto } from '../../rollouts/own.ts';
import { reading, stateAt } from '../opened.ts';
import { acting, commandLine, examples, type Setting, type Verb } from '../setting.ts';
import { importTool } from './importTool.ts';

/** Bytes read from an export at once. */
const readBytes = 2 ** 20;

/** Only `\n` ends a line: texts may hold other line separators. */
async function* linesOf(path: string): AsyncGenerator<string, void, void> {
  let parts: string[] = [];
  for await (const chunk of createReadStream(path, {
    encoding: 'utf8',
    highWaterMark: readBytes,
  }) as AsyncIterable<string>) {
    let from = 0;
    for (let end = chunk.indexOf('\n'); end >= 0; end = chunk.indexOf('\n', from)) {
      parts.push(chunk.slice(from, end));
      yield parts.join('');
      parts = [];
      from = end + 1;
    }
    if (from < chunk.length) parts.push(chunk.slice(from));
  }
  if (parts.length > 0) yield parts.join('');
}

/** The file is there under its name when it is whole and durable: the beginning of an export would pass for an export. */
async function writeWhole(file: string, pages: AsyncIterable<readonly string[]>): Promise<void> {
  const half = `${file}.half`;
  const target = await open(half, 'w', 0o600);
  try {
    for await (const lines of pages) await target.write(`${lines.join('\n')}\n`);
    await target.sync();
    await rename(half, file);
  } catch (error) {
    await rm(half, { force: true });
    throw error;
  } finally {
    await target.close();
  }
}

/** stdout carries the events in any format; what else there is to say goes to stderr. */
const exportLog = ({ dir, out }: Setting, file: string | undefined): Promise<void> =>
  reading(dir, async (log) => {
    if (file === undefined || file === '-') {
      for await (const lines of exported(log)) await out.lines(lines);
      return;
    }
    if (existsSync(file)) throw new Failure('HOLDFAST_USAGE', `${file} exists already`, { remedy: 'name a new file' });
    await writeWhole(file, exported(log));
    const { position, hash } = log.synced();
    await out.show({ file, events: position, hash }, () => [`wrote ${position} events to ${file}`]);
  });

function refuseUsed(dir: string): void {
  if (statSync(dir, { throwIfNoEntry: false })?.isDirectory() !== true) refuseStrangers(dir);
  if (isUnused(dir)) return;
  refuseStrangers(dir);
  throw new Failure('HOLDFAST_LOG_IN_USE', `the log ${dir} is not empty`, {
    remedy: 'import into a new folder: name it with --log',
    details: { dir },
  });
}

async function importLog({ dir, out }: Setting, file: string): Promise<void> {
  refuseUsed(dir);
  // Twice: nothing is written before everything has been checked.
  let checked = 0;
  for await (const { events } of batchesOf(linesOf(file))) checked += events.length;
  const { hash } = await filledAside(dir, async (folder) => {
    const log = await openLog(folder);
    try {
      const events = await importInto(log, batchesOf(linesOf(file)));
      assert(events === checked, 'the file stayed the same while it was imported');
      return log.head();
    } finally {
      await log.close();
    }
  });
  const { origin } = (await stateAt(dir)).fleet;
  await out.show({ log: dir, events: checked, hash }, () => [
    `imported ${checked} events into ${dir}`,
    origin === 'own' ? `continue with: ${commandLine(dir, 'resume')}` : `look at it with: ${commandLine(dir, 'show')}`,
  ]);
}

/** stdin can be read once only, and an export is read twice. */
async function importStdin(setting: Setting): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-import-'));
  const file = join(folder, 'stdin.jsonl');
  try {
    await pipeline(process.stdin, createWriteStream(file, { mode: 0o600 }));
    await importLog(setting, file);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const exportVerb: Verb = (program) => {
  program
    .command('export')
    .description('the whole log as JSON lines, to a new file or to stdout')
    .argument('[file]', 'where to; absent or `-`: stdout')
    .addHelpText('after', examples('export monday.jsonl --log runs/monday', 'export | gzip > log.jsonl.gz'))
    .action(acting(exportLog));
};

interface ImportOptions {
  readonly from?: Tool;
  readonly policy?: string;
}

function refuseUnreadable(path: string): void {
  const is = statSync(path, { throwIfNoEntry: false });
  if (is !== undefined && !is.isDirectory()) return;
  const remedy =
    is === undefined
      ? 'name a file that `holdfast export` has written'
      : 'name a file that `holdfast export` has written; for the rollouts of another tool say --from codex or claude';
  throw new Failure(
    'HOLDFAST_FILE_UNREADABLE',
    `${path}: ${is === undefined ? 'there is no such file' : 'it is a folder'}`,
    {
      remedy,
      details: { path },
    },
  );
}

async function importAny(setting: Setting, file: string, { from, policy }: ImportOptions): Promise<unknown> {
  if (from !== undefined) return importTool(setting, { from, path: file, ...(policy !== undefined && { policy }) });
  if (policy !== undefined)
    throw new Failure('HOLDFAST_USAGE', '--policy goes with --from', { remedy: '`holdfast import --help` shows how' });
  if (file === '-') return importStdin(setting);
  refuseUnreadable(file);
  return importLog(setting, file);
}

const importVerb: Verb = (program) => {
  program
    .command('import')
    .description("an export becomes a log again, or another tool's rollouts become one")
    .argument('<path>', 'a file that `export` has written, `-` for stdin; with --from a rollout, or a folder of them')
    .addOption(new Option('--from <tool>', 'whose rollouts they are').choices(tools))
    .option('--policy <policy>', 'with --from: how slots and memory are computed, such as `codex-v1(max=6)`')
    .addHelpText(
      'after',
      examples(
        'import monday.jsonl --log runs/monday-again',
        'import - --log runs/monday-again < monday.jsonl',
        'import --from codex ~/.codex/sessions/2026/04/29 --log april',
        'import --from claude ~/.claude/projects/-home-me-project --log claude',
      ),
    )
    .action(acting(importAny));
};

export const rolloutVerbs: readonly Verb[] = [exportVerb, importVerb];
