/** `replay --policy`: what the demand of a log would have met with under other rules, beside what it met with. */
import { type Given, policyOf } from '../../../projections/policy.ts';
import { Rehearsal, type Rehearsed, type Step } from '../../../projections/rehearsal.ts';
import { decoded, foldLog } from '../../engine/fold.ts';
import { Failure } from '../../failure.ts';
import type { LogReader } from '../../log/port.ts';
import { columns, moment } from '../../words/line.ts';
import { Names } from '../../words/names.ts';
import { reading, within } from '../opened.ts';
import type { Setting } from '../setting.ts';

interface Asked {
  readonly text: string;
  readonly at?: number;
  readonly steps: boolean;
}

const named = (text: string, given: Given) => {
  const policy = policyOf(text, given);
  if (policy !== undefined) return policy;
  throw new Failure('HOLDFAST_USAGE', `\`${text}\` is no policy`, {
    remedy:
      'give any of slots=N, residents=N and lru or slru or never, with commas, or codex-v1(max=6), codex-v2(max=4)',
    details: { policy: text },
  });
};

const table = ({ policy, recorded, rehearsed, optimum, lostTurns, admitted }: Rehearsed): string[] => [
  ...columns([
    ['', 'RECORDED', policy, 'OPTIMUM (BELADY)'],
    ['refusals', String(recorded.refusals), String(rehearsed.refusals)],
    ['evictions', String(recorded.evictions), String(rehearsed.evictions), String(optimum.evictions)],
    ['reloads', String(recorded.reloads), String(rehearsed.reloads), String(optimum.reloads)],
  ]),
  `most slots held at once in a tree: ${rehearsed.slotsMost}`,
  ...(lostTurns > 0 ? [`${lostTurns} turns would not have run; what would have followed instead is in no log`] : []),
  ...(admitted > 0
    ? [`${admitted} requests that were refused would have been admitted; what they would have run is in no log`]
    : []),
];

async function rows(log: LogReader, steps: readonly Step[]): Promise<string[]> {
  const names = new Names();
  const about = new Set(steps.flatMap(({ agentId }) => agentId ?? []));
  for (const agentId of about) {
    for await (const page of log.readStream(`agent/${agentId}`)) {
      await names.learn(log, page.slice(0, 1));
      break;
    }
  }
  const who = ({ agentId }: Step) => (agentId === undefined ? '(nobody)' : names.of(agentId));
  return columns([
    ['TIME', 'SLOT', 'AGENT', 'HELD'],
    ...steps.map((step) => [moment(step.at), step.is, who(step), String(step.held)]),
  ]);
}

export const rehearse = ({ dir, out }: Setting, { text, at, steps }: Asked): Promise<void> =>
  reading(dir, async (log) => {
    const to = within(log, at);
    const { fleet } = await foldLog(log, { to: Math.min(to, 1) });
    const taken: Step[] = [];
    const rehearsal = new Rehearsal(named(text, fleet.limits), (step) => {
      if (steps) taken.push(step);
    });
    for await (const page of log.read({ to })) for (const event of page) rehearsal.apply(decoded(event));
    const result = rehearsal.result();
    const shown = steps ? await rows(log, out.format === 'text' ? taken : []) : [];
    await out.show(steps ? { ...result, steps: taken } : result, () => [...shown, ...table(result)]);
  });
