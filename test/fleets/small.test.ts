import { expect, test } from 'vitest';
import { fieldsOf } from '../../projections/toolOutput.ts';
import { lived, ofType } from './lived.ts';

test('the example of the README runs its command once and ends with its two answers', async () => {
  const { events } = await lived('small');
  expect(ofType(events, 'TurnCompleted').map(({ data }) => data.message)).toEqual(['The build is green.', 'All done.']);
  expect(ofType(events, 'ProcessRequested').map(({ data }) => data.command.at(-1))).toEqual(['sleep 1; echo ok']);
  const ends = ofType(events, 'ToolCallEnded').map(({ data }) => data);
  const end = ends.find(({ callId }) => callId === 'b2')!;
  expect(fieldsOf(end.output)).toMatchObject({ exit_code: 0, output: 'ok\n' });
});
