/** The fleet of `demo`: small enough to follow by eye, and something happens of each kind that Holdfast is for. */
import type { FleetConfig } from '../../fleet.ts';

/** Models take their time here, so that a person can look on. */
const slowly = { delayMs: 700 };

const spawn = (id: string, name: string, message: string) => ({
  call: 'spawn_agent',
  id,
  args: { task_name: name, message, fork_turns: 'none' },
  ...slowly,
});
const wait = (id: string) => [{ call: 'wait_agent', id, args: { timeout_ms: 30_000 } }];
const run = (id: string, cmd: string) => [
  { call: 'exec_command', id, args: { cmd, yield_time_ms: 10_000 }, ...slowly },
];
const say = (text: string) => [{ say: text, ...slowly }];

export const demoFleet: FleetConfig = {
  limits: { activeTurns: 2, residents: 3, waitMs: { min: 100, default: 30_000, max: 60_000 } },
  models: { script: { kind: 'script' } },
  roots: [{ name: 'root', prompt: 'Find out what this machine is, with two helpers at a time.', model: 'script' }],
  scripts: {
    '/root': [
      [
        spawn('s1', 'kernel', 'Which kernel runs here?'),
        spawn('s2', 'disk', 'How full is the disk?'),
        // Two slots, and both are taken: this one is refused, with the holders named.
        spawn('s3', 'clock', 'What time is it?'),
      ],
      wait('w1'),
      // A slot is free again.
      [spawn('s4', 'clock', 'What time is it?')],
      wait('w2'),
      // Three fit into memory: who was used least recently is unloaded for the fourth, and stays known.
      [spawn('s5', 'load', 'How busy is it?')],
      wait('w3'),
      wait('w4'),
      // An agent that was unloaded comes back with all it knew.
      [{ call: 'followup_task', id: 'f1', args: { target: 'kernel', message: 'And for how long?' }, ...slowly }],
      wait('w5'),
      say('A kernel, a disk, a clock and some load: it is a computer.'),
    ],
    '/root/kernel': [
      run('k1', 'uname -sr'),
      say('I have the kernel.'),
      run('k2', 'uptime -p || uptime'),
      say('I have the uptime.'),
    ],
    '/root/disk': [run('d1', 'sleep 2; df -h . | tail -1'), say('I have the disk.')],
    '/root/load': [run('l1', 'cat /proc/loadavg'), say('I have the load.')],
    '/root/clock': [run('c1', 'date -u'), say('I have the time.')],
  },
};
