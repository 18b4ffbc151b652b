/** One root from the command line: its first answer, and what it is asked after that. */
import { expect, test } from 'vitest';
import { scripted } from '../models/at.ts';
import { holdfast, newPlace } from './cli.ts';

test('[MO1] `run --prompt` ends with the whole answer, and `resume --prompt` asks the same agent on', async () => {
  const long = 'There are three files. '.repeat(20).trim();
  const { server, baseUrl } = await scripted({ scripts: { '/root': [[{ say: long }], [{ say: 'They are small.' }]] } });
  const place = newPlace();
  const first = await holdfast(
    place,
    'run',
    '--prompt',
    'How many?',
    '--model',
    'm',
    '--base-url',
    baseUrl,
    '--log',
    place.log,
  );
  expect(first.code).toBe(0);
  expect(first.stdout.trimEnd().endsWith(`\n\n${long}`)).toBe(true);
  const second = await holdfast(place, 'resume', '--prompt', 'How large?', '--log', place.log);
  expect(second.code).toBe(0);
  expect(second.stdout.trimEnd().endsWith('\n\nThey are small.')).toBe(true);
  expect(server.asked[1]!.body.messages).toMatchObject([
    { role: 'system' },
    { role: 'user', content: 'How many?' },
    { role: 'assistant', content: long },
    { role: 'user', content: 'How large?' },
  ]);
});

test('an address that is none is told as one', async () => {
  const place = newPlace();
  const { code, stderr } = await holdfast(place, 'run', '--prompt', 'x', '--model', 'm', '--base-url', 'localhost:1');
  expect(code).toBe(2);
  expect(stderr).toContain('--base-url expects an address with http:// or https://, found "localhost:1"');
  expect(stderr).toContain('did you mean http://localhost:1/v1?');
});
