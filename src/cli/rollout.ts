/** `export` and `import`: a log as JSON lines and back, byte for byte. */
import { createReadStream, existsSync, readdirSync, rmSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { assert, Failure } from '../failure.ts';
import { openLog } from '../live.ts';
import { refuseStrangers } from '../log/folder.ts';
import { batchesOf, exported, importInto } from '../rollouts/own.ts';
import { reading } from './opened.ts';
import { acting, commandLine, examples, type Setting, type Verb } from './setting.ts';

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

/** stdout carries the events in any format; what else there is to say goes to stderr. */
const exportLog = ({ dir, out }: Setting, file: string | undefined): Promise<void> =>
  reading(dir, async (log) => {
    if (file === undefined || file === '-') {
      for await (const lines of exported(log)) await out.lines(lines);
      return;
    }
    const target = await open(file, 'wx', 0o600).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'EEXIST') throw error;
      throw new Failure('HOLDFAST_USAGE', `${file} exists already`, { remedy: 'name a new file' });
    });
    try {
      for await (const lines of exported(log)) await target.write(`${lines.join('\n')}\n`);
      await target.sync();
    } finally {
      await target.close();
    }
    const { position, hash } = log.synced();
    await out.show({ file, events: position, hash }, () => [`wrote ${position} events to ${file}`]);
  });

function refuseUsed(dir: string): void {
  refuseStrangers(dir);
  if (!existsSync(dir) || readdirSync(dir).length === 0) return;
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
  const log = await openLog(dir);
  try {
    const events = await importInto(log, batchesOf(linesOf(file)));
    assert(events === checked, 'the file stayed the same while it was imported');
    await log.close();
  } catch (error) {
    await log.close();
    // The folder was empty before: half a log must not pass for a whole one.
    rmSync(dir, { recursive: true, force: true });
    throw error;
  }
  const { hash } = log.head();
  await out.show({ log: dir, events: checked, hash }, () => [
    `imported ${checked} events into ${dir}`,
    `continue with: ${commandLine(dir, 'resume')}`,
  ]);
}

const exportVerb: Verb = (program) => {
  program
    .command('export')
    .description('the whole log as JSON lines, to a new file or to stdout')
    .argument('[file]', 'where to; absent or `-`: stdout')
    .addHelpText('after', examples('export monday.jsonl --log runs/monday', 'export | gzip > log.jsonl.gz'))
    .action(acting(exportLog));
};

const importVerb: Verb = (program) => {
  program
    .command('import')
    .description('an export becomes a log in a new folder, after every hash in it has been checked')
    .argument('<file>', 'a file that `export` has written')
    .addHelpText('after', examples('import monday.jsonl --log runs/monday-again'))
    .action(acting(importLog));
};

export const rolloutVerbs: readonly Verb[] = [exportVerb, importVerb];
