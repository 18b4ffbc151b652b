/** Programs of every temper for the process host: what each of them writes and how it ends is known beforehand. */
import type { FleetFile } from '../../events/fleetFile.ts';

export interface Program {
  readonly cmd: string;
  readonly tty: boolean;
  /** Everything it writes until it ends or is ended. */
  readonly output: string;
  /** undefined: it never ends by itself. */
  readonly code?: number;
}

const lines = (n: number, line: (i: number) => string): string =>
  Array.from({ length: n }, (_, i) => `${line(i + 1)}\n`).join('');

export interface Pace {
  /** Lines of a talker, and seconds between them. */
  readonly talks: number;
  readonly pauseS: number;
  /** Of a flooder: 100 kB each, ten pauses between them. */
  readonly floods: number;
}

const tempers: readonly ((n: number, pace: Pace) => Omit<Program, 'tty'>)[] = [
  (n, { talks, pauseS }) => ({
    cmd: `for i in $(seq 1 ${talks}); do echo "line $i of ${n}"; sleep ${pauseS}; done; exit ${(n % 50) + 1}`,
    output: lines(talks, (i) => `line ${i} of ${n}`),
    code: (n % 50) + 1,
  }),
  (n, { floods, pauseS }) => ({
    cmd: `for i in $(seq 1 ${floods}); do head -c 100000 /dev/zero | tr '\\0' x; sleep ${10 * pauseS}; done; exit ${(n % 50) + 2}`,
    output: 'x'.repeat(100_000 * floods),
    code: (n % 50) + 2,
  }),
  (n) => ({ cmd: `echo up ${n}; exec sleep 1000`, output: `up ${n}\n` }),
  (n) => ({
    cmd: `(sleep 1; echo grandchild ${n}) & echo parent ${n}; wait; exit 9`,
    output: `parent ${n}\ngrandchild ${n}\n`,
    code: 9,
  }),
  (n) => ({ cmd: `trap '' TERM HUP; echo deaf ${n}; while :; do sleep 1; done`, output: `deaf ${n}\n` }),
  (n) => ({ cmd: `setsid sleep 1000 & echo away ${n}; wait`, output: `away ${n}\n` }),
];

/** Half of each temper on a terminal, which writes line ends in its own way. */
export function programs(count: number, pace: Pace): Program[] {
  return Array.from({ length: count }, (_, n) => {
    const program = tempers[n % tempers.length]!(n, pace);
    const tty = Math.floor(n / tempers.length) % 2 === 1;
    return { ...program, tty, output: tty ? program.output.replaceAll('\n', '\r\n') : program.output };
  });
}

/** A root that starts all of them at once, in this order, and whose turn goes on for ever: it has them again in each life. */
export const fleetOf = (all: readonly Program[]): FleetFile => ({
  models: { script: { kind: 'script' } },
  limits: { processes: all.length },
  roots: [{ prompt: 'Start them all', model: 'script' }],
  scripts: {
    '/root': [
      all.map(({ cmd, tty }, n) => ({
        ...{ call: 'exec_command', id: `p${n}` },
        args: { cmd, tty, login: false, yield_time_ms: 250 },
      })),
      { hang: true },
    ],
  },
});
