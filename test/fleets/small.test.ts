import { expect, test } from 'vitest';
import { lived, ofType } from './lived.ts';

test('the example of the README runs its command once and ends with its two answers', async () => {
  const { events } = await lived('small');
  expect(ofType(events, 'TurnCompleted').map(({ data }) => data.message)).toEqual(['The build is green.', 'All done.']);
  expect(ofType(events, 'ProcessRequested').map(({ data }) => data.command.at(-1))).toEqual(['sleep 1; echo ok']);
  const ends = ofType(events, 'ToolCallEnded').map(({ data }) => data);
  expect(ends.find(({ callId }) => callId === 'b2')?.output.fields).toMatchObject({ exit_code: 0, output: 'ok\n' });
});
