/** A long rollout, made up line by line: in size, kinds and repetition like those that months of work leave behind. */
import { closeSync, openSync, writeSync } from 'node:fs';

const words = 'the quick build of src/log/reader.ts says: ok, 14 passed; error TS2304 at line 33\n\tconst x = "y" ';

/** Half of the bytes of long rollouts are compactions: each holds the history that it replaces, here once per 700 kB. */
const contextBytes = 700_000;

export interface Material {
  readonly bytes: number;
  readonly turns: number;
  readonly calls: number;
}

export function longRollout(path: string, bytesMax: number, { compacting = true } = {}): Material {
  const file = openSync(path, 'w');
  let held: string[] = [];
  let [bytes, sinceCompaction, at, n, total, turns, calls] = [0, 0, Date.UTC(2026, 3, 29, 12), 0, 0, 0, 0];
  const flush = () => {
    writeSync(file, held.join(''));
    held = [];
  };
  const add = (type: string, payload: object) => {
    at += 37;
    const line = `${JSON.stringify({ timestamp: new Date(at).toISOString(), type, payload })}\n`;
    bytes += line.length;
    sinceCompaction += line.length;
    if (held.push(line) > 500) flush();
  };
  const text = (length: number) => `${n++} ${words.repeat(Math.ceil(length / words.length))}`.slice(0, length);
  const item = (type: string, more: object) => add('response_item', { type, ...more });
  const event = (type: string, more: object) => add('event_msg', { type, ...more });
  const id = '66666666-0000-7000-8000-000000000001';
  add('session_meta', {
    id,
    timestamp: new Date(at).toISOString(),
    cwd: '/w',
    cli_version: '0.125.0',
    source: 'cli',
    base_instructions: { text: text(14_000) },
  });
  while (bytes < bytesMax) {
    turns += 1;
    const turn = `turn-${turns}`;
    event('task_started', { turn_id: turn, started_at: Math.floor(at / 1000) });
    add('turn_context', { turn_id: turn, cwd: '/w', model: 'gpt-5.4', permission_profile: text(3_000) });
    item('message', { role: 'developer', content: [{ type: 'input_text', text: text(5_000) }] });
    item('message', { role: 'user', content: [{ type: 'input_text', text: `go on ${turns}` }] });
    event('user_message', { message: `go on ${turns}` });
    for (let sampling = 0; sampling < 20; sampling += 1) {
      item('reasoning', { summary: [], content: null, encrypted_content: `gAAAA${'Zm9vYmFy'.repeat(250)}` });
      const say = text(250);
      event('agent_message', { message: say, phase: 'commentary' });
      item('message', { role: 'assistant', content: [{ type: 'output_text', text: say }], phase: 'commentary' });
      const made: string[] = [];
      for (let k = 0; k < 2; k += 1) {
        calls += 1;
        made.push(`call_${calls}`);
        item('function_call', {
          name: 'exec_command',
          arguments: JSON.stringify({ cmd: text(90), workdir: '/w', max_output_tokens: 2000 }),
          call_id: `call_${calls}`,
        });
      }
      total += 1_000;
      event('token_count', {
        info: {
          total_token_usage: { total_tokens: total },
          last_token_usage: { input_tokens: 990, cached_input_tokens: 0, output_tokens: 10, total_tokens: 1_000 },
          model_context_window: 258_400,
        },
        rate_limits: { limit_id: 'codex', primary: null },
      });
      for (const callId of made) {
        const output = text(2_500);
        event('exec_command_end', {
          call_id: callId,
          process_id: '1',
          turn_id: turn,
          command: ['/bin/zsh', '-lc', 'x'],
          aggregated_output: output,
          exit_code: 0,
          duration: { secs: 0, nanos: 1 },
          status: 'completed',
        });
        item('function_call_output', {
          call_id: callId,
          output: `Chunk ID: f1\nWall time: 0.0 seconds\nProcess exited with code 0\nOutput:\n${output}`,
        });
      }
      if (compacting && sinceCompaction > contextBytes) {
        const kept = Array.from({ length: 140 }, () => ({
          type: 'message',
          role: 'user',
          content: [{ type: 'input_text', text: text(5_000) }],
        }));
        add('compacted', { message: text(2_000), replacement_history: kept });
        event('context_compacted', {});
        sinceCompaction = 0;
      }
    }
    event('task_complete', { turn_id: turn, last_agent_message: 'done' });
  }
  flush();
  closeSync(file);
  return { bytes, turns, calls };
}
