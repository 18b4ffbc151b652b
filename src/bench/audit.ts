/** What it costs to ask a large log why, and to prove one event of it: processor time, with the log open. */
import type { HoldfastEvent } from '../../events/catalogue.ts';
import { foldLog } from '../engine/fold.ts';
import { openReader } from '../live.ts';
import { folderOf } from '../log/folder.ts';
import type { LogReader } from '../log/port.ts';
import { proveInclusion } from '../proofs/proof.ts';
import { keepCheckpoint, treeOf } from '../proofs/vault.ts';
import { Evidence } from '../why/evidence.ts';
import { IdIndex } from '../why/idIndex.ts';
import { reasons } from '../why/reasons.ts';
import type { BenchContext } from './bench.ts';
import { type Figure, figure } from './report.ts';
import { cpuTimed, median, quantile } from './rounds.ts';

/** Asked of each kind; the first ones warm up. */
const [askedOfEach, warming] = [60, 20];

interface Asked {
  readonly what: keyof typeof reasons;
  readonly id: string;
}

/** Slots, mail and agents from all over the log. */
async function questions(log: LogReader, agentIds: readonly string[], count: number): Promise<Asked[]> {
  const last = log.synced().position;
  const asked: Asked[] = [];
  for (let i = 0; i < count; i++) {
    const from = Math.max(1, Math.floor((last * i) / count));
    const near: HoldfastEvent[] = [];
    for await (const page of log.read({ from, to: Math.min(last, from + 200) }))
      near.push(...(page as HoldfastEvent[]));
    for (const event of near) {
      if (event.type === 'MailAccepted') asked.push({ what: 'mail', id: event.data.mailId.slice(-12) });
      if (event.type === 'SlotReserved') asked.push({ what: 'slot', id: event.data.reservationId.slice(-12) });
      if (asked.length >= 2 * (i + 1)) break;
    }
    asked.push({ what: 'agent', id: agentIds[Math.floor((agentIds.length * i) / count)]! });
  }
  return asked;
}

export async function auditFigures({ logs, small, progress }: BenchContext): Promise<Figure[]> {
  const { dir, events, agents } = await logs.busy();
  progress('why and prove');
  const [count, warm] = small ? [3, 0] : [askedOfEach, warming];
  const log = await openReader(dir);
  try {
    const state = await foldLog(log);
    const caches = folderOf(dir).caches;
    const indexedMs = await cpuTimed(() => IdIndex.of(log, caches));
    const whys: number[] = [];
    for (const { what, id } of await questions(log, Object.keys(state.agents), count)) {
      const ids = () => IdIndex.of(log, caches);
      whys.push(await cpuTimed(() => reasons[what]!({ state, evidence: new Evidence(log), ids, id })));
    }
    const { checkpoint } = await keepCheckpoint(dir, log);
    const proofs: number[] = [];
    for (let i = 1; i <= count; i++) {
      const position = Math.ceil((events * i) / (count + 1));
      proofs.push(await cpuTimed(async () => proveInclusion(log, await treeOf(dir, log), position, checkpoint)));
    }
    const told = { unit: 'ms', reach: { valueMax: 10 } };
    return [
      figure({
        ...told,
        figure: 'audit.why',
        what: '`why` for slots, mail and agents by id: median of processor time, the log open and its state at hand',
        value: median(whys.slice(warm)),
        details: {
          events,
          agents,
          p99: quantile(whys.slice(warm), 0.99),
          first: whys[0]!,
          'index of ids, once': indexedMs,
        },
      }),
      figure({
        ...told,
        figure: 'audit.prove',
        what: '`prove` for one event, the kept tree read each time: median of processor time, the log open',
        value: median(proofs.slice(warm)),
        details: { events, p99: quantile(proofs.slice(warm), 0.99), first: proofs[0]! },
      }),
    ];
  } finally {
    await log.close();
  }
}
