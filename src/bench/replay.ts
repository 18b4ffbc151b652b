/** Reading a large log back: verified replay into a state, and `verify`, against JSON.parse of the same events. */
import { foldLog } from '../engine/fold.ts';
import { touches } from '../engine/touches.ts';
import { openReader } from '../live.ts';
import { hashedLine } from '../log/canonical.ts';
import type { LogReader } from '../log/port.ts';
import { verifyLog } from '../log/verify.ts';
import type { BenchContext } from './bench.ts';
import { type Figure, figure } from './report.ts';
import { interleaved, rate } from './rounds.ts';

/** Enough lines for a steady rate, taken from all over the log. */
const linesMax = 100_000;

async function sampleLines(log: LogReader, events: number): Promise<string[]> {
  const lines: string[] = [];
  const every = Math.max(1, Math.floor(events / linesMax));
  for await (const page of log.readHashed()) {
    for (const event of page) if (event.position % every === 0) lines.push(hashedLine(event));
  }
  return lines;
}

function parseAll(lines: readonly string[]): number {
  let positions = 0;
  for (const line of lines) positions += (JSON.parse(line) as { position: number }).position;
  return positions;
}

export async function replayFigures({ logs, small, progress }: BenchContext): Promise<Figure[]> {
  const { dir, events, agents } = await logs.busy();
  progress('verified replay and verify');
  const log = await openReader(dir);
  try {
    const lines = await sampleLines(log, events);
    const rates = await interleaved(small ? 1 : 3, {
      parse: () => rate(lines.length, () => parseAll(lines)),
      replay: () => rate(events, () => foldLog(log, { snapshots: false })),
      verify: () => rate(events, () => verifyLog(dir, { touches })),
      quick: () => rate(events, () => verifyLog(dir, { touches, quick: true })),
    });
    const lineBytes = lines.reduce((sum, line) => sum + line.length, 0) / lines.length;
    const against = {
      unit: 'events/s',
      limit: rates.parse,
      limitIs: 'JSON.parse alone',
      details: { events, agents, lineBytes },
    };
    return [
      figure({
        ...against,
        figure: 'replay.verified',
        what: 'from the first event to the state; one SHA-256 over each stored frame, frames chained',
        value: rates.replay,
        reach: { ratioMin: 1 },
      }),
      figure({
        ...against,
        figure: 'replay.verify',
        what: 'every event hashed again; chain, index, blobs and all copies of events compared',
        value: rates.verify,
        reach: { ratioMin: 0.3 },
      }),
      figure({
        ...against,
        figure: 'replay.verifyQuick',
        what: 'the same without the copies of events that are kept by agent',
        value: rates.quick,
        reach: { ratioMin: 0.3 },
      }),
    ];
  } finally {
    await log.close();
  }
}
