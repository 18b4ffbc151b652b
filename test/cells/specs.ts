/** Cells for tests. */
import type { CellLimits } from '../../events/cell.ts';
import { defaultCellLimits } from '../../src/cells/limits.ts';
import type { CellInput, CellRuntime, CellSpec, Drain, Json } from '../../src/cells/port.ts';

export const start = 1_795_000_000_000;

interface More {
  readonly tools?: readonly string[];
  readonly seed?: string;
  readonly store?: Readonly<Record<string, Json>>;
  readonly limits?: Partial<CellLimits>;
}

let cells = 0;

export function specOf(
  source: string,
  { tools = ['echo'], seed = 'a seed', store = {}, limits = {} }: More = {},
): CellSpec {
  cells += 1;
  return {
    cellId: String(cells),
    source,
    tools: tools.map((name) => ({ name, description: `does ${name}` })),
    seed,
    at: start,
    store,
    limits: { ...defaultCellLimits, ...limits },
  };
}

export const ended = (
  n: number,
  text: string,
  more: Partial<Extract<CellInput, { kind: 'toolEnded' }>> = {},
): CellInput => ({
  kind: 'toolEnded',
  callId: `tool-${n}`,
  outcome: 'ok',
  output: { text },
  at: start + n,
  ...more,
});

export const fired = (timerId: number, at = start + 1000): CellInput => ({ kind: 'timerFired', timerId, at });

export const texts = (drains: readonly Drain[]): string[] =>
  drains.flatMap((drain) => drain.items.flatMap((item) => ('text' in item ? [item.text] : [])));

/** Creates a cell that needs no input, and gives its one drain. */
export async function ran(cells: CellRuntime, source: string, more?: More): Promise<Drain> {
  const drains = await cells.create(specOf(source, more));
  return drains[0]!;
}

/** What the script wrote; it fails when the script did. */
export async function said(cells: CellRuntime, source: string, more?: More): Promise<string[]> {
  const drain = await ran(cells, source, more);
  if (drain.end?.kind !== 'completed') throw new Error(`it did not complete: ${JSON.stringify(drain)}`);
  return texts([drain]);
}
