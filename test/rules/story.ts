/**
 * One history with something of everything in the kernel: slots and queue, parking, eviction, mail, commands, failures,
 * interruptions, closing, limits, a crash and a stop. It is the golden log, and what crashes are tried on.
 */
import type { ReservationId } from '../../events/ids.ts';
import { SlotReserved } from '../../events/slot.ts';
import { fleet, type PaperFleet } from './given.ts';

const exit = { code: 0, signal: null, outputBytes: 12, outputHash: 'h'.repeat(64) };
const started = { pid: 100, group: 100, startTime: 7, bootId: 'boot-1' };

/** Runs and refuses. */
function refusing(f: PaperFleet): void {
  f.spawn('x:/root', 'a');
  f.spawn('x:/root', 'b');
  f.spawn('x:/root', 'refused');
  f.now += 10;
  const exec = f.call('x:/root/a', 'exec_command', { cmd: 'make', tty: true });
  const { turnId } = f.turn('x:/root/a');
  f.ask({ do: 'processStarted', processId: 1000, ...started }, 'engine');
  const output = { text: 'running', fields: { session_id: 1000 } };
  const read = { processId: 1000, to: 7 };
  f.ask({ do: 'endCall', turnId, callId: exec.id, outcome: 'ok', output, read }, 'engine');
  f.call('x:/root/a', 'write_stdin', { session_id: 1000, chars: 'y' });
  f.ask(
    { do: 'processWritten', processId: 1000, requestId: `${turnId}/w`, bytes: 1, hash: 'h', writtenBy: 'engine' },
    'engine',
  );
  f.call('x:/root', 'followup_task', { target: 'a', message: 'and then this' });
  f.interrupt('x:/root/a');
  f.fail('x:/root/b', 'overloaded', true);
  f.call('x:/root', 'send_message', { target: 'b', message: 'still there?' });
  f.now += 1000;
  f.fail('x:/root/b', 'gone', false);
  f.say('x:/root/a', 'a is done');
}

/** Queues, parks and evicts. */
function queueing(f: PaperFleet): void {
  f.limits({ whenFull: 'queue', activeTurns: 1, residents: 1 });
  f.spawn('y:/root', 'p');
  f.spawn('y:/root/p', 'c');
  f.spawn('y:/root/p', 'd');
  f.call('y:/root/p', 'wait_agent', { timeout_ms: 50 });
  f.say('y:/root/p/c', 'c is done');
  f.followup('y:/root/p/c', 'once more');
  f.call('y:/root', 'interrupt_agent', { target: 'p/c' });
  f.say('y:/root/p/d', 'd is done');
  f.compact('y:/root/p', 'so far');
  f.call('y:/root', 'send_message', { target: 'p', message: 'nobody reads this' });
  f.spawn('y:/root', 'e');
}

/** Crashes in the middle, then ends in order. */
function ending(f: PaperFleet): void {
  f.now += 5000;
  const [p, b] = [f.agent('y:/root/p'), f.agent('x:/root/b')];
  f.happened(
    SlotReserved({
      ...{ reservationId: 'r-lost' as ReservationId, agentId: b.agentId, rootId: b.rootId, purpose: 'followup' },
    }),
  );
  f.crash();
  f.call('x:/root', 'exec_command', { cmd: 'sleep 100' });
  f.ask({ do: 'launchFailed', processId: 1001, error: 'no such folder' }, 'engine');
  f.close('y:/root/p');
  f.ask({ do: 'unloadAbandoned', agentId: p.agentId, afterMs: 5000 }, 'engine');
  f.say('y:/root/e', 'e is done');
  f.limits({ activeTurns: 3 });
  f.ask({ do: 'evict', target: 'y:/root/e' });
  f.ask({ do: 'spawnRoot', cwd: '/work', name: 'z', prompt: 'the third' });
  f.ask({ do: 'stopProcesses' }, 'engine');
  f.ask({ do: 'processEnded', processId: 1000, exit }, 'engine');
  f.ask({ do: 'stop', reason: 'asked to' }, 'engine');
}

export function story(): PaperFleet {
  const roots = [
    { name: 'x', prompt: 'Check the build' },
    { name: 'y', prompt: 'Review the change', wake: true, effort: 'high' },
  ];
  const f = fleet({ limits: { activeTurns: 2, residents: 2 }, roots, retry: { attempts: 2, baseMs: 500 } });
  refusing(f);
  queueing(f);
  ending(f);
  return f;
}
