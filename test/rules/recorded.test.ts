/** Facts that nothing decides yet, or that only an import writes: what they make of the state. */
import { expect, test } from 'vitest';
import { UsageRecorded } from '../../events/agent.ts';
import { ProcessDetached, ProcessReattached } from '../../events/process.ts';
import { DefectFound, SourceFound, SourceRead } from '../../events/source.ts';
import { fleet } from './given.ts';

test('[I10] a live process is attached or detached, and goes from one to the other without a change of anything else', () => {
  const f = fleet();
  f.call('/root', 'exec_command', { cmd: 'make' });
  const [process] = Object.values(f.state.processes.all);
  const { processId, agentId } = process!;
  const before = structuredClone(process);
  expect(process).toMatchObject({ place: 'attached' });
  f.happened(ProcessDetached({ processId, agentId, reason: 'evicted' }));
  expect(f.state.processes.all[processId]).toEqual({ ...before, place: 'detached', detached: 'evicted' });
  expect(f.state.processes.live[agentId]).toEqual({ [processId]: true });
  f.happened(ProcessReattached({ processId, agentId, reattachedBy: 'operator' }));
  expect(f.state.processes.all[processId]).toEqual(before);
});

test('tokens that a rollout tells of are added up per agent', () => {
  const f = fleet();
  const agentId = f.id('/root');
  f.happened(UsageRecorded({ agentId, inputTokens: 10, outputTokens: 1 }));
  f.happened(UsageRecorded({ agentId, inputTokens: 5, outputTokens: 2 }));
  expect(f.agent('/root').usage).toEqual({ inputTokens: 15, outputTokens: 3 });
});

test('an import knows each of its files, how far it is read and what was wrong with it', () => {
  const f = fleet();
  const agentId = f.id('/root');
  f.happened(
    SourceFound({ file: 1, from: 'codex', key: 'thread-1', name: 'a.jsonl', agentId, policy: 'codex-v1(max=6)' }),
    SourceFound({ file: 2, from: 'claude', key: 'session-2', name: 'b.jsonl', agentId }),
    DefectFound({ file: 1, defect: 'no JSON', bytes: 12, handled: 'kept' }),
    SourceRead({ file: 1, bytes: 400, sha256: 'ab'.repeat(32), tail: 64, kinds: { message: 3 } }),
  );
  const { files, byKey } = f.state.sources!;
  expect(byKey).toEqual({ 'thread-1': 1, 'session-2': 2 });
  expect(files[1]).toMatchObject({ defects: 1, bytes: 400, tail: 64, policy: 'codex-v1(max=6)', last: -1 });
  expect(files[2]).toMatchObject({ defects: 0, bytes: 0 });
  expect(files[2]).not.toHaveProperty('policy');
  const imported = (file: number, offset: number) => ({ file, offset, part: 0, mark: 'written' as const });
  const usage = { agentId, inputTokens: 1, outputTokens: 1 };
  f.happened(UsageRecorded({ ...usage, imported: imported(1, 200) }));
  f.happened(UsageRecorded({ ...usage, imported: imported(1, 100) }));
  expect([f.state.sources!.files[1]!.last, f.state.sources!.files[2]!.last]).toEqual([200, -1]);
});
