import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { holdfast, json, newPlace, type Place, trouble } from './cli.ts';
import { Desk } from './desk.ts';

/** Questions as a person meets them: on a terminal, from another one, and after a fleet has ended for want of an answer. */

/** Each verb is a process of its own; all of them together take some seconds, and more on a busy machine. */
const slowMs = 180_000;

/** `made` is there when the command has run, twice when it has run twice. */
const asking = (): Place =>
  newPlace({
    approvals: { mode: 'ask', allow: ['sleep'] },
    models: { script: { kind: 'script' } },
    roots: [{ prompt: 'make it', model: 'script' }],
    scripts: {
      '/root': [
        [{ call: 'exec_command', id: 'c1', args: { cmd: 'mkdir made', yield_time_ms: 30_000, login: false } }],
        [{ say: 'made' }],
      ],
    },
  });

const made = ({ folder }: Place): boolean => existsSync(join(folder, 'made'));

interface Approvals {
  readonly open: readonly { readonly approvalId: string; readonly what: string }[];
  readonly always: readonly string[];
}

test(
  '[AP6] off a terminal a fleet with nobody to ask ends with code 4 and says how to answer; after the answer it goes on',
  async () => {
    const place = asking();
    const log = ['--log', place.log];
    const ended = await holdfast(place, 'run', 'fleet.json', ...log);
    expect([ended.code, made(place)]).toEqual([4, false]);
    expect(ended.stderr).toMatch(/^HOLDFAST_PERSON_NEEDED .*1: mkdir made\nremedy: answer with `.* answer 1 allow/);
    expect((await holdfast(place, 'resume', ...log)).code).toBe(4);
    expect((await json<Approvals>(place, 'show', 'approvals', ...log)).open).toMatchObject([
      { approvalId: '1', what: 'mkdir made', always: ['mkdir made $'] },
    ]);
    expect((await trouble(place, 1, 'answer', '2', 'allow', ...log)).details).toEqual({ approvalId: '2', open: ['1'] });
    expect((await holdfast(place, 'answer', '1', 'perhaps', ...log)).code).toBe(2);
    expect(await json(place, 'answer', '1', 'always', ...log)).toMatchObject({
      path: '/root',
      always: ['mkdir made $'],
    });
    expect(made(place)).toBe(false);
    const resumed = await holdfast(place, 'resume', ...log);
    expect([resumed.code, made(place)]).toEqual([0, true]);
    expect((await holdfast(place, 'show', 'approvals', ...log)).stdout).toBe(
      'no question is open\n\nallowed for good:\n  mkdir made $\n',
    );
    expect((await holdfast(place, 'why', 'approval', '1', ...log)).stdout).toContain(': always by the operator at #');
  },
  slowMs,
);

test(
  '[AP5][AP6] a question outlives kill -9 of its fleet, and what is refused then is not run',
  async () => {
    const place = asking();
    const log = ['--log', place.log];
    const desk = new Desk(place, { cols: 100, rows: 20 }, 'run', 'fleet.json', ...log);
    await desk.sees('/root asks to run  mkdir made');
    desk.end();
    await expect.poll(async () => (await holdfast(place, 'show', 'approvals', ...log)).stdout).toContain('mkdir made');
    await holdfast(place, 'answer', '1', 'deny', '--reason', 'there is enough', ...log);
    const resumed = await holdfast(place, 'resume', ...log);
    expect([resumed.code, made(place)]).toEqual([0, false]);
    expect((await holdfast(place, 'log', ...log)).stdout).toContain('refused this command: there is enough');
  },
  slowMs,
);

test(
  '[AP6] on a terminal the question is shown and a key answers it, and another process may answer it, too',
  async () => {
    const place = asking();
    const desk = new Desk(place, { cols: 100, rows: 20 }, 'run', 'fleet.json', '--log', place.log);
    await desk.sees('/root asks to run  mkdir made', 'y allow once   n deny   a always: mkdir made $');
    // A key that comes before the question can have been read is no answer.
    await expect
      .poll(
        () => {
          desk.press('y');
          return made(place);
        },
        { timeout: 30_000, interval: 200 },
      )
      .toBe(true);
    expect(await desk.exit).toBe(0);

    const other = asking();
    const shown = new Desk(other, { cols: 100, rows: 20 }, 'run', 'fleet.json', '--log', other.log);
    await shown.sees('asks to run');
    expect((await holdfast(other, 'answer', '1', 'allow', '--log', other.log)).stdout).toBe('allowed for /root\n');
    expect([await shown.exit, made(other)]).toEqual([0, true]);
  },
  slowMs,
);

test(
  '[AP6] Ctrl-C works while a question stands on the terminal',
  async () => {
    const place = asking();
    const desk = new Desk(place, { cols: 100, rows: 20 }, 'run', 'fleet.json', '--log', place.log);
    await desk.sees('asks to run');
    desk.press('\u0003');
    expect([await desk.exit, made(place)]).toEqual([130, false]);
  },
  slowMs,
);
