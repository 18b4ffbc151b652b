/** Questions to people through clients: put to the person where the client can ask one, and named in a result where it cannot. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { ElicitRequest, ElicitResult } from '@modelcontextprotocol/sdk/types.js';
import { expect, test } from 'vitest';
import { holdfast, newPlace } from '../cli/cli.ts';
import { Visitor } from './visitor.ts';

type Params = ElicitRequest['params'];

const fleet = {
  approvals: { mode: 'ask' },
  models: { script: { kind: 'script' } },
  limits: { waitMs: { min: 100 } },
  scripts: {
    '/root/maker': [
      [{ call: 'exec_command', id: 'm', args: { cmd: 'mkdir made', login: false } }],
      [{ say: 'maker is done' }],
    ],
  },
};

const make = { cmd: 'mkdir own', login: false };

test('[MC10] the person at the client is asked for its agents and for itself, and the answer holds', async () => {
  const asked: Params[] = [];
  const answers: ElicitResult[] = [
    { action: 'accept', content: { answer: 'always' } },
    { action: 'accept', content: { answer: 'deny', reason: 'not here' } },
    { action: 'decline' },
  ];
  const elicits = async (params: Params) => {
    asked.push(params);
    return answers[asked.length - 1]!;
  };
  const place = newPlace(fleet);
  const visitor = await Visitor.of(place, { name: 'editor', elicits });
  await visitor.call('spawn_agent', { task_name: 'maker', message: 'make it' });
  expect((await visitor.call('wait_agent')).mail).toEqual(['maker is done']);
  expect(existsSync(join(place.folder, 'made'))).toBe(true);
  expect(asked[0]).toMatchObject({
    message: expect.stringMatching(/^\/root\/maker asks to run \(approval 1\):\n\nmkdir made\n/),
    requestedSchema: { properties: { answer: { enum: ['allow', 'deny', 'always'] } } },
  });
  const denied = await visitor.call('exec_command', make);
  expect(denied).toMatchObject({ isError: true, fields: { code: 'HOLDFAST_COMMAND_REFUSED', reason: 'not here' } });
  expect((await visitor.call('exec_command', make)).fields.code).toBe('HOLDFAST_COMMAND_REFUSED');
  expect(existsSync(join(place.folder, 'own'))).toBe(false);
  const why = await holdfast(place, 'why', 'approval', '1', '--log', place.log);
  expect(why.stdout).toContain('always by the operator through editor at #');
});

test('[MC10] a question that is answered elsewhere is taken back from the person', async () => {
  let put!: () => void;
  let takenBack!: () => void;
  const isPut = new Promise<void>((resolve) => (put = resolve));
  const isTakenBack = new Promise<void>((resolve) => (takenBack = resolve));
  const elicits = (_: Params, signal: AbortSignal) => {
    signal.addEventListener('abort', takenBack);
    put();
    return new Promise<ElicitResult>(() => {});
  };
  const place = newPlace(fleet);
  const visitor = await Visitor.of(place, { elicits });
  const made = visitor.call('exec_command', make);
  await isPut;
  expect((await holdfast(place, 'answer', '1', 'allow', '--log', place.log)).code).toBe(0);
  expect((await made).fields.exit_code).toBe(0);
  await isTakenBack;
});

test('[MC10] a word that was not offered puts the question aside', async () => {
  const asked: Params[] = [];
  const elicits = async (params: Params): Promise<ElicitResult> => {
    asked.push(params);
    return { action: 'accept', content: { answer: 'always' } };
  };
  const place = newPlace(fleet);
  const visitor = await Visitor.of(place, { elicits });
  const put = await visitor.call('exec_command', { cmd: 'eval "mkdir own"', login: false });
  expect(asked).toMatchObject([{ requestedSchema: { properties: { answer: { enum: ['allow', 'deny'] } } } }]);
  expect(put).toMatchObject({ isError: false, fields: { approval_id: '1', waits_for: 'person' } });
});

test.each([
  ['who cannot be asked', undefined],
  ['who puts it aside', async (): Promise<ElicitResult> => ({ action: 'cancel' })],
])(
  '[MC10] the result names the question to a client %s, and is read when it was answered; mail comes with other results',
  async (_, elicits) => {
    const place = newPlace(fleet);
    const visitor = await Visitor.of(place, elicits && { elicits });
    const put = await visitor.call('exec_command', make);
    expect(put).toMatchObject({ isError: false, fields: { approval_id: '1', waits_for: 'person' } });
    expect(put.text).toContain('`holdfast answer 1 allow`');
    expect((await visitor.call('status')).fields.approvals).toMatchObject([
      { approval_id: '1', agent: '/root', what: 'mkdir own' },
    ]);
    expect((await visitor.call('result', { call_id: put.fields.call_id })).fields.outcome).toBe('open');
    await visitor.call('spawn_agent', { task_name: 'maker', message: 'make it' });
    await visitor.until((status) => status.approvals.length === 2);
    for (const id of ['2', '1'])
      expect((await holdfast(place, 'answer', id, 'allow', '--log', place.log)).code).toBe(0);
    const read = async () => (await visitor.call('result', { call_id: put.fields.call_id })).fields;
    await expect.poll(async () => (await read()).outcome, { timeout: 20_000 }).toBe('ok');
    expect(await read()).toMatchObject({ fields: { exit_code: 0 }, mail: [] });
    expect((await visitor.call('wait_agent')).mail).toEqual(['maker is done']);
  },
);
