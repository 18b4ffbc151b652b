import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { CellView } from '../../src/engine/cellOutput.ts';
import { holdfast, json, newPlace, type Place, trouble, Watched } from './cli.ts';

/** Cells as a person has them: a script in a file, its output on stdout, and where it stands on stderr. */

/** Each verb is a process of its own; all of them together take some seconds, and more on a busy machine. */
const slowMs = 180_000;
const long = process.env.HOLDFAST_LONG !== undefined;

interface Row {
  readonly cellId: string;
  readonly is: string;
}

function scripted(source: string): Place {
  const place = newPlace();
  writeFileSync(join(place.folder, 'x.js'), source);
  return place;
}

const cell = (place: Place, ...words: readonly string[]) => holdfast(place, 'cell', ...words, '--log', place.log);
const rows = (place: Place) => json<Row[]>(place, 'show', 'cells', '--log', place.log);

describe('cell run', () => {
  test(
    '[CE1][CE8] shows what a script prints, with its commands and its store, in a folder without a log too',
    async () => {
      const place = scripted(`
      const all = await Promise.all(['a', 'b'].map((cmd) => tools.exec_command({ cmd: 'echo ' + cmd, yield_time_ms: 30_000, login: false })));
      text(all.map(({ output }) => output.trim()).join('+'));
      store('n', (load('n') ?? 0) + 1);
      text(load('n'));`);
      expect(await cell(place, 'run', 'x.js')).toEqual({ code: 0, stdout: 'a+b\n1\n', stderr: 'cell 1 completed\n' });
      expect((await cell(place, 'run', 'x.js')).stdout).toBe('a+b\n2\n');
      expect((await rows(place)).map(({ is }) => is)).toEqual(['completed', 'completed']);
    },
    slowMs,
  );

  test.runIf(long)(
    '[CE7] a script that throws ends with 1, its output and its error',
    async () => {
      const place = scripted('text("before"); throw new Error("boom")');
      const said = await cell(place, 'run', 'x.js');
      expect([said.code, said.stdout]).toEqual([1, 'before\n']);
      expect(said.stderr).toMatch(/^cell 1 failed: Error: boom/);
    },
    slowMs,
  );

  test(
    '[CE5] a pausing script stops at its frontier and is let go on by hand, once, also by another process',
    async () => {
      const place = scripted(
        'const { agents } = await tools.list_agents({}); text(agents.length); await 0; text("end")',
      );
      const paused = await cell(place, 'run', 'x.js', '--pause');
      expect([paused.code, paused.stdout]).toEqual([0, '']);
      expect(paused.stderr).toMatch(/^cell 1 stands at generation 1, waiting for tool-1: .* cell resume 1 1/);
      const view = await json<CellView>(place, 'cell', 'observe', '1', '--log', place.log);
      expect(view).toMatchObject({ state: 'pending', generation: 1, pending: ['tool-1'] });
      expect((await trouble(place, 1, 'cell', 'resume', '1', '2', '--log', place.log)).code).toBe(
        'HOLDFAST_CELL_GENERATION',
      );
      expect(await cell(place, 'resume', '1', '1')).toMatchObject({ code: 0, stdout: '1\nend\n' });
      const again = await trouble(place, 1, 'cell', 'resume', '1', '1', '--log', place.log);
      expect([again.code, again.details.end]).toEqual(['HOLDFAST_CELL_ENDED', 'completed']);
      const why = await json<{ because: string }>(place, 'why', 'cell', '1', '--log', place.log);
      expect(why.because).toMatch(/^cell 1 of \/root completed at #\d+$/);
    },
    slowMs,
  );

  test(
    '[CE9] a script whose engine is killed goes on from where it was, and prints nothing twice',
    async () => {
      const place = scripted(`
      text('one');
      const cmd = 'while [ ! -e go ]; do sleep 0.1; done; echo two';
      text((await tools.exec_command({ cmd, yield_time_ms: 30_000, login: false })).output);`);
      const watched = new Watched(place, 'cell', 'run', 'x.js', '--wait', '60000', '-o', 'jsonl', '--log', place.log);
      await watched.until(({ child }) => child.pid !== undefined);
      await expect
        .poll(async () => (await holdfast(place, 'cell', 'observe', '1', '--log', place.log)).stdout, {
          timeout: 60_000,
        })
        .toBe('one\n');
      watched.child.kill('SIGKILL');
      await watched.exit;
      writeFileSync(join(place.folder, 'go'), '');
      expect((await holdfast(place, 'resume', '--log', place.log)).code).toBe(0);
      expect((await cell(place, 'observe', '1')).stdout).toBe('one\ntwo\n\n');
    },
    slowMs,
  );

  test.runIf(long)(
    '[CE7] an endless loop is terminated from another process, and nothing of it is kept',
    async () => {
      const place = scripted('store("k", 1); text("spinning"); for (;;);');
      const watched = new Watched(place, 'cell', 'run', 'x.js', '--log', place.log);
      await expect
        .poll(async () => (await holdfast(place, 'show', 'cells', '--log', place.log)).stdout, { timeout: 60_000 })
        .toMatch(/running/);
      expect(await cell(place, 'terminate', '1')).toMatchObject({ code: 0, stdout: 'cell 1 terminated\n' });
      expect(await watched.exit).toBe(0);
      expect(watched.stderr).toContain('cell 1 terminated');
      writeFileSync(join(place.folder, 'y.js'), 'text(String(load("k")))');
      expect((await cell(place, 'run', 'y.js')).stdout).toBe('undefined\n');
    },
    slowMs,
  );
});

test.runIf(long)(
  '[CE4] what cannot be asked is refused by name',
  async () => {
    const place = scripted('text(1)');
    expect((await trouble(place, 2, 'cell', 'run', 'nowhere.js', '--log', place.log)).code).toBe(
      'HOLDFAST_FILE_UNREADABLE',
    );
    expect((await cell(place, 'run', 'x.js')).code).toBe(0);
    expect((await trouble(place, 1, 'cell', 'observe', '9', '--log', place.log)).code).toBe('HOLDFAST_NOT_FOUND');
    expect((await trouble(place, 1, 'cell', 'terminate', '9', '--log', place.log)).code).toBe(
      'HOLDFAST_CELL_NOT_FOUND',
    );
    expect((await trouble(place, 1, 'cell', 'run', 'x.js', '--agent', '/root/x', '--log', place.log)).code).toBe(
      'HOLDFAST_AGENT_NOT_FOUND',
    );
  },
  slowMs,
);

test(
  '[CE1] a fleet file runs a cell with an exec item',
  async () => {
    const place = newPlace({
      models: { script: { kind: 'script' } },
      roots: [{ prompt: 'Go', model: 'script' }],
      scripts: {
        '/root': [
          [
            {
              exec: '// @exec: {"yield_time_ms": 60000}\ntext((await tools.exec_command({ cmd: "echo hello", yield_time_ms: 30000 })).output)',
              id: 'e',
            },
          ],
          [{ call: 'wait', id: 'w', args: { cell_id: { $from: 'e.cell_id' } } }],
          [{ say: 'done' }],
        ],
      },
    });
    expect((await holdfast(place, 'run', place.fleet, '--log', place.log)).code).toBe(0);
    const events = (await holdfast(place, 'log', '--type', 'ToolCallEnded', '-o', 'jsonl', '--log', place.log)).stdout;
    const [exec, wait] = events
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line).data.output.fields);
    expect(exec).toMatchObject({ cell_id: '1', state: 'completed', output: 'hello\n' });
    expect(wait).toMatchObject({ state: 'completed', output: '' });
  },
  slowMs,
);
