import { createHash } from 'node:crypto';
import { chmodSync, cpSync, mkdirSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { exitOf } from '../../src/cli/exitCodes.ts';
import { isUsage, programOf, usageFailure } from '../../src/cli/program.ts';
import { verbsFor } from '../../src/cli/verbs.ts';
import type { Failure } from '../../src/failure.ts';
import { holdfast, newPlace, type Place, quick, trouble } from './cli.ts';

/** Each bad input gets one clear error with code, remedy and exit code, and the log is as it was. */

/** Every file of a folder with the hash of its content. */
function picture(dir: string): Record<string, string> {
  const files: Record<string, string> = {};
  for (const name of readdirSync(dir, { recursive: true, encoding: 'utf8' }).sort()) {
    const path = join(dir, name);
    if (statSync(path).isFile()) files[name] = createHash('sha256').update(readFileSync(path)).digest('hex');
  }
  return files;
}

async function lived(): Promise<Place> {
  const place = newPlace();
  expect((await holdfast(place, 'run', place.fleet, '--log', place.log)).code).toBe(0);
  return place;
}

describe('a log that cannot be used', () => {
  test('a second run on a used log is refused with exit 1, and the log is as it was', async () => {
    const place = await lived();
    const before = picture(place.log);
    const error = await trouble(place, 1, 'run', place.fleet, '--log', place.log);
    expect(error.code).toBe('HOLDFAST_LOG_IN_USE');
    expect(error.remedy).toContain('resume');
    expect(picture(place.log)).toEqual(before);
  });

  test('[LO9] where there is no log yet, resume and all that reads says so with exit 3 and makes nothing', async () => {
    const place = newPlace();
    const asked = ['resume', 'log', 'verify', 'send /root hello'];
    for (const verb of asked) {
      const error = await trouble(place, 3, ...verb.split(' '), '--log', place.log);
      expect([verb, error.code]).toEqual([verb, 'HOLDFAST_LOG_EMPTY']);
    }
    expect(readdirSync(place.folder)).toEqual(['fleet.json']);
  });

  test('a folder that is something else is left alone', async () => {
    const place = newPlace();
    mkdirSync(place.log);
    writeFileSync(join(place.log, 'letter.txt'), 'Dear');
    for (const verb of [['run', place.fleet], ['log']]) {
      const error = await trouble(place, 3, ...verb, '--log', place.log);
      expect([verb[0], error.code]).toEqual([verb[0], 'HOLDFAST_LOG_NOT_A_LOG']);
    }
    expect((await trouble(place, 3, 'run', place.fleet, '--log', place.fleet)).code).toBe('HOLDFAST_LOG_NOT_A_LOG');
    expect(readdirSync(place.log)).toEqual(['letter.txt']);
  });

  test('a folder that cannot be written is named', async () => {
    const place = newPlace();
    // Nobody may make folders there, root included.
    const error = await trouble(place, 3, 'run', place.fleet, '--log', '/sys/kernel/holdfast-log');
    expect(error.code).toBe('HOLDFAST_LOG_READ_ONLY');
  });

  test('[LO8] a log of a newer version is refused by its version', async () => {
    const place = await lived();
    const head = join(place.log, 'HEAD');
    const bytes = readFileSync(head);
    for (const at of [0, 512]) {
      bytes.writeUInt16BE(99, at + 6);
      const sum = createHash('sha256')
        .update(bytes.subarray(at, at + 480))
        .digest();
      sum.copy(bytes, at + 480);
    }
    writeFileSync(head, bytes);
    const before = picture(place.log);
    for (const verb of [['run', place.fleet], ['resume'], ['show'], ['verify']]) {
      const error = await trouble(place, 3, ...verb, '--log', place.log);
      expect([verb[0], error.code, error.details.version]).toEqual([verb[0], 'HOLDFAST_LOG_NEWER', 99]);
    }
    expect(picture(place.log)).toEqual(before);
  });

  test('[LO4] a damaged log: verify names the first bad position with exit 1, resume refuses with exit 3, salvage copies the rest', async () => {
    const place = await lived();
    const db = join(place.log, 'db');
    const files = readdirSync(db)
      .filter((name) => /\.(log|ldb)$/.test(name))
      .map((name) => join(db, name));
    const [largest = ''] = files.sort((x, y) => statSync(y).size - statSync(x).size);
    const bytes = readFileSync(largest);
    // Twice: what was stored last says again what the records before it say.
    for (const at of [300, bytes.length - 300]) bytes[at]! ^= 1;
    writeFileSync(largest, bytes);
    const before = picture(place.log);
    const said = await holdfast(place, 'verify', '--log', place.log, '-o', 'json');
    expect([said.code, said.stderr]).toEqual([1, '']);
    const verdict = JSON.parse(said.stdout) as { ok: boolean; firstBad: number; what: string };
    expect(verdict).toMatchObject({ ok: false, firstBad: expect.any(Number), what: expect.any(String) });
    expect((await trouble(place, 3, 'resume', '--log', place.log)).code).toBe('HOLDFAST_LOG_DAMAGED');
    expect(picture(place.log)).toEqual(before);
    await holdfast(place, 'salvage', join(place.folder, 'sound'), '--log', place.log);
    expect(picture(place.log)).toEqual(before);
  });

  test('a log that only may be read is read, and a copy of one too', async () => {
    const place = await lived();
    const copy = join(place.folder, 'copy');
    cpSync(place.log, copy, { recursive: true });
    chmodSync(copy, 0o500);
    const { stdout } = await holdfast(place, 'replay', '--log', place.log);
    expect(await holdfast(place, 'replay', '--log', copy)).toEqual({ code: 0, stdout, stderr: '' });
    chmodSync(copy, 0o700);
    symlinkSync(copy, join(place.folder, 'link'));
    expect((await holdfast(place, 'verify', '--log', join(place.folder, 'link'))).code).toBe(0);
  });
});

describe('a command line that cannot be understood', () => {
  test('a fleet file or model that is wrong is named with exit 2, a missing key with 3, and no log is made', async () => {
    const place = newPlace({ ...quick, limit: {} });
    const wrong = await trouble(place, 2, 'run', place.fleet, '--log', place.log);
    expect(wrong).toMatchObject({ code: 'HOLDFAST_FLEET_FILE', details: { path: expect.stringContaining('limit') } });
    const missing = await trouble(place, 2, 'run', join(place.folder, 'none.json'), '--log', place.log);
    expect(missing.message).toContain('no such file');
    const local = ['--base-url', 'nowhere', '--log', place.log];
    const model = await trouble(place, 2, 'run', '--prompt', 'Go', '--model', 'gpt', ...local);
    expect(model.message).toContain('nowhere');
    const key = await trouble(place, 3, 'run', '--prompt', 'Go', '--model', 'gpt', '--log', place.log);
    expect(key).toMatchObject({ code: 'HOLDFAST_MODEL_KEY', message: expect.stringContaining('OPENAI_API_KEY') });
    expect(readdirSync(place.folder)).toEqual(['fleet.json']);
  });

  const wrong = [
    'fly',
    'log --bogus',
    'log --from x',
    'log --type TurnDreamt',
    'log --follow -o json',
    'show weather',
    'show -o xml',
    'replay --at 0',
    'run',
    'run fleet.json --prompt Go',
    'send /root',
    'why slot',
    'why weather today',
    'diff --at 3',
    'registrar --port 65536',
    'mcp --http 65536',
    'serve --port 65536',
    'spans --otlp nope',
    '',
  ];
  test.each(wrong)('wrong usage is told as any other error: holdfast %s', async (line) => {
    const words = line.split(' ').filter((word) => word !== '');
    const program = programOf(await verbsFor(words));
    for (const command of [program, ...program.commands]) command.configureOutput({ writeErr: () => {} });
    const error = await program.parseAsync(words, { from: 'user' }).catch((reason: unknown) => reason);
    const failure = isUsage(error) ? usageFailure(error, words) : error;
    expect(failure).toMatchObject({
      code: 'HOLDFAST_USAGE',
      message: expect.any(String),
      remedy: expect.stringMatching(/--help|jsonl/),
    });
    expect(exitOf(failure as Failure)).toBe(2);
  });

  test('an error is one line and its remedy in text, one object in JSON, both on stderr', async () => {
    const place = newPlace();
    const text = await holdfast(place, 'log', '--bogus');
    expect(text).toEqual({
      code: 2,
      stdout: '',
      stderr: expect.stringMatching(/^HOLDFAST_USAGE {2}\S.*\nremedy: \S.*\n$/),
    });
    const json = await holdfast(place, 'log', '--bogus', '-o', 'jsonl');
    expect([json.code, json.stdout]).toEqual([2, '']);
    expect(JSON.parse(json.stderr)).toEqual({
      error: { code: 'HOLDFAST_USAGE', message: expect.any(String), remedy: expect.any(String), details: {} },
    });
    expect((await holdfast(place, '--version')).stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
  });

  test('[LO9] a verb that opens a log for writing makes none where there is none', async () => {
    const place = newPlace();
    for (const words of [
      'cell resume 1 1',
      'cell terminate 1',
      'forget /root --reason test',
      'attach 1000',
      'stop 1000',
    ]) {
      const error = await trouble(place, 3, ...words.split(' '), '--log', place.log);
      expect([words, error.code]).toEqual([words, 'HOLDFAST_LOG_EMPTY']);
    }
    expect(readdirSync(place.folder)).toEqual(['fleet.json']);
  });

  test('the remedy of wrong usage names the verb, wherever options stand', async () => {
    const { stderr } = await holdfast(newPlace(), '--log', 'elsewhere', 'replay', '--at', 'x');
    expect(stderr).toContain('`holdfast replay --help`');
  });

  test('what is to be imported and cannot be is named', async () => {
    const place = newPlace();
    const missing = await trouble(place, 2, 'import', 'none.jsonl', '--log', place.log);
    expect(missing).toMatchObject({ code: 'HOLDFAST_FILE_UNREADABLE', message: expect.stringContaining('none.jsonl') });
    const folder = await trouble(place, 2, 'import', place.folder, '--log', place.log);
    expect(folder.remedy).toContain('--from');
    expect(readdirSync(place.folder)).toEqual(['fleet.json']);
  });

  test('what is asked for and is not there is exit 1 with where to look', async () => {
    const place = await lived();
    for (const words of [
      'why refusal zzzzzz',
      'why mail zzzzzz',
      'why process 7',
      'why agent /root/nobody',
      'log --agent /root/nobody',
    ]) {
      const error = await trouble(place, 1, ...words.split(' '), '--log', place.log);
      expect([words, error.code]).toEqual([words, expect.stringMatching(/NOT_FOUND$/)]);
    }
    for (const words of ['send /root hello', 'close /root']) {
      const error = await trouble(place, 1, ...words.split(' '), '--log', place.log);
      expect([error.code, error.remedy]).toEqual(['HOLDFAST_NOT_RUNNING', expect.stringContaining('resume')]);
    }
  });
});
