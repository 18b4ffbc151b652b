import { expect, test } from 'vitest';
import { InlineCell } from '../../src/cells/inline.ts';
import type { Json } from '../../src/cells/port.ts';
import type { Model } from '../../src/models/port.ts';
import { type CallStep, cellSource } from '../../src/simulate/cellScript.ts';
import { type History, historyOf, type Step } from '../../src/simulate/history.ts';
import type { Own } from '../../src/simulate/own.ts';
import { mix, Random } from '../../src/simulate/random.ts';
import { type Report, runHistory } from '../../src/simulate/run.ts';
import type { World } from '../../src/simulate/world.ts';

/**
 * A cell with two rounds of eight calls at once, none of which may be made twice. Engine and machines die at points drawn
 * from a seed, again and again; whatever happens, it prints what it prints without a crash, and each call was made once.
 */
const long = process.env.HOLDFAST_LONG !== undefined;
const crashPoints = long ? 10_000 : 200;

const command = (cmd: string): CallStep => ({ call: 'exec_command', args: { cmd, yield_time_ms: 30_000 } });
const message = (text: string): CallStep => ({ call: 'send_message', args: { target: '/root', message: text } });
const spawn = (name: string): CallStep => ({
  call: 'spawn_agent',
  args: { task_name: name, message: 'look at it', fork_turns: 'none' } as Json,
});

const round = (n: number): CallStep[] => [
  ...['true', 'make', 'sleep 9', 'true', 'make'].map(command),
  message(`round ${n}`),
  message(`round ${n} again`),
  spawn(n === 1 ? 'a' : 'b'),
];

const source = cellSource(
  { all: round(1) },
  { print: 'random' },
  { store: 'rounds', value: 1 },
  { sleep: 50 },
  { all: round(2) },
  { print: 'random' },
  { text: 'done' },
);

/** The same in JavaScript. */
const script = `
  const random = () => text(Math.floor(Math.random() * 1e9));
  const all = async (calls) => {
    const ends = await Promise.allSettled(calls.map(({ call, args }) => tools[call](args)));
    ends.forEach(({ status, reason }, i) => text(calls[i].call + (status === 'fulfilled' ? ' ok' : ' ' + reason)));
  };
  await all(${JSON.stringify(round(1))});
  random();
  store('rounds', 1);
  await new Promise((resolve) => setTimeout(resolve, 50));
  await all(${JSON.stringify(round(2))});
  random();
  text('done');
`;

const model = (exec: string): Model => ({
  sample: async ({ path, n }) => ({
    items: path === '/root' && n === 1 ? [{ exec, id: 'e' }] : [{ say: 'done' }],
  }),
});

const quiet = historyOf(1, 0);
const history = (seed: number, steps: readonly Step[]): History => ({
  ...quiet,
  seed,
  setup: {
    ...quiet.setup,
    limits: { ...quiet.setup.limits, activeTurns: 4, whenFull: 'queue', processes: 20, cells: 1, depth: 2 },
    onCrash: 'resume',
    roots: [{ prompt: 'begin' }],
    disk: { ...quiet.setup.disk, slow: 30, fail: 0 },
  },
  steps,
});

/** What its agents and readers see of it, and what was done for it outside. */
function left({ events, hosts }: World) {
  const of = <T extends string>(type: T) => events.filter((e) => e.type === type);
  return {
    printed: events
      .flatMap((e) => (e.type === 'CellOutput' ? e.data.items : []))
      .map((item) => 'text' in item && String(item.text).replace(/^\d+$/, 'a number')),
    ends: events.flatMap((e) => (e.type === 'CellToolEnded' ? [`${e.data.callId} ${e.data.outcome}`] : [])).sort(),
    lost: of('CellLost').map(({ data }) => data),
    terminal: events.flatMap((e) => (e.type === 'CellCompleted' ? [e.data.error ?? 'completed'] : [])),
    commands: hosts.processes.size,
    messages: events.filter((e) => e.type === 'MailAccepted' && e.data.kind === 'message').length,
    spawned: of('AgentSpawned').length,
    stored: of('StoreCommitted').length,
  };
}

async function lived(own: Own, steps: readonly Step[] = [], kills: { after: number; synced: boolean }[] = []) {
  let world: World | undefined;
  const report: Report = await runHistory(history(1, steps), {
    kills,
    ...own,
    onWorld: (made) => {
      world = made;
    },
  });
  return { ...left(world!), completions: report.completions, crashes: report.crashes };
}

const machines: readonly (readonly [string, Own])[] = [
  ['a list of steps', { model: () => model(source) }],
  ['JavaScript in QuickJS', { model: () => model(script), machine: (spec) => new InlineCell(spec) }],
];

test.each(machines)(
  '[CE9][CE8] a cell of %s prints the same and makes each of its calls once, wherever engine and machine die',
  async (_, own) => {
    const { completions, crashes: none, ...expected } = await lived(own);
    expect(none).toBe(0);
    expect(expected).toMatchObject({ commands: 10, messages: 4, spawned: 3, stored: 1, terminal: ['completed'] });
    expect(expected.ends).toHaveLength(16);
    let points = 0;
    for (let run = 0; points < crashPoints; run += 1) {
      const r = new Random(mix(run, 'crash points'));
      const kills = Array.from({ length: r.between(1, 4) }, () => ({
        after: r.below(completions),
        synced: r.chance(50),
      }));
      const killed = Array.from(
        { length: r.below(3) },
        (): Step => ({ do: 'killMachine', after: r.below(40), cellId: '1' }),
      );
      const { completions: _, crashes, ...after } = await lived(own, killed, kills);
      expect({ run, ...after }).toEqual({ run, ...expected });
      points += crashes + killed.length;
      if (run % 20 === 0) await new Promise(setImmediate);
    }
  },
  3_600_000,
);
