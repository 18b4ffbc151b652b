/** Interleaved rounds: what is compared is measured in turns, so that a machine's moods hit both sides alike. */

export const median = (values: readonly number[]): number => quantile(values, 0.5);

/** `share` 0.99: the value that 99 of 100 do not exceed. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.max(0, Math.ceil(share * sorted.length) - 1))] ?? Number.NaN;
}

export type Sides = Readonly<Record<string, () => Promise<number> | number>>;

/** Each side once per round, in turn; medians by side. The first round only warms up. */
export async function interleaved<S extends Sides>(rounds: number, sides: S): Promise<{ [K in keyof S]: number }> {
  const values: Record<string, number[]> = {};
  for (let round = 0; round <= rounds; round += 1) {
    for (const [side, measure] of Object.entries(sides)) {
      const value = await measure();
      if (round > 0) (values[side] ??= []).push(value);
    }
  }
  return Object.fromEntries(Object.entries(values).map(([side, all]) => [side, median(all)])) as {
    [K in keyof S]: number;
  };
}

/** How often `work` happens per second when it happens `times` times. */
export async function rate(times: number, work: () => Promise<unknown> | unknown): Promise<number> {
  const start = performance.now();
  await work();
  return (times / (performance.now() - start)) * 1000;
}

export async function timed(work: () => Promise<unknown> | unknown): Promise<number> {
  const start = performance.now();
  await work();
  return performance.now() - start;
}

/** ms of the processor that all threads of this process have had: for figures that a busy machine must not spoil. */
export async function cpuTimed(work: () => Promise<unknown> | unknown): Promise<number> {
  const start = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(start);
  return (user + system) / 1000;
}
