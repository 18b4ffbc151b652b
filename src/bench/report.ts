/** What a bench prints: figures, each with its limit or peer from the same run, as text and as JSON. */
import pc from 'picocolors';

/** What the project wants a figure to be; a ratio is against the limit of the same run. */
export type Reach = { readonly ratioMin: number } | { readonly valueMax: number } | { readonly valueMin: number };

export interface Figure {
  /** Stable name: family, dot, figure. */
  readonly figure: string;
  /** What was done, in words. */
  readonly what: string;
  readonly value: number;
  readonly unit: string;
  /** In the same unit, measured in the same run, interleaved; null where nothing bounds it. */
  readonly limit: number | null;
  readonly limitIs?: string;
  /** value / limit. */
  readonly ratio: number | null;
  readonly reach: Reach | null;
  /** null: nothing to reach, told for what it says. */
  readonly ok: boolean | null;
  /** What others were measured at, on another day. */
  readonly peers?: string;
  readonly details?: Readonly<Record<string, number | string>>;
}

export interface BenchReport {
  readonly bench: 1;
  readonly quick: boolean;
  readonly machine: {
    readonly node: string;
    readonly cpu: string;
    readonly cpus: number;
    readonly memoryGiB: number;
    readonly dir: string;
  };
  readonly seconds: number;
  readonly figures: readonly Figure[];
  readonly ok: boolean;
}

type Measured = Omit<Figure, 'ratio' | 'ok' | 'limit' | 'reach'> & {
  readonly limit?: number;
  readonly reach?: Reach;
};

export function figure({ limit, reach, ...rest }: Measured): Figure {
  const ratio = limit === undefined ? null : rest.value / limit;
  const ok =
    reach === undefined
      ? null
      : 'ratioMin' in reach
        ? ratio !== null && ratio >= reach.ratioMin
        : 'valueMax' in reach
          ? rest.value <= reach.valueMax
          : rest.value >= reach.valueMin;
  return { ...rest, limit: limit ?? null, ratio, reach: reach ?? null, ok };
}

const rounded = (value: number): string => {
  if (value >= 10_000) return Math.round(value).toLocaleString('en');
  if (value >= 100) return value.toFixed(0);
  return value >= 10 ? value.toFixed(1) : value.toFixed(2);
};

const wanted = (reach: Reach, unit: string): string =>
  'ratioMin' in reach
    ? `≥ ${reach.ratioMin} of it`
    : 'valueMax' in reach
      ? `≤ ${rounded(reach.valueMax)} ${unit}`
      : `≥ ${rounded(reach.valueMin)} ${unit}`;

function lineOf(f: Figure): string {
  const mark = f.ok === null ? ' ' : f.ok ? pc.green('✓') : pc.red('✗');
  const limit = f.limit === null ? '' : ` · ${f.limitIs}: ${rounded(f.limit)} · ratio ${f.ratio!.toFixed(2)}`;
  const reach = f.reach === null ? '' : ` · reach ${wanted(f.reach, f.unit)}`;
  const peers = f.peers === undefined ? '' : pc.dim(`\n      beside it: ${f.peers}`);
  const details = Object.entries(f.details ?? {}).map(([k, v]) => `${k} ${typeof v === 'number' ? rounded(v) : v}`);
  const more = details.length === 0 ? '' : pc.dim(`\n      ${details.join(' · ')}`);
  return `${mark} ${pc.bold(f.figure)}  ${rounded(f.value)} ${f.unit}${limit}${reach}\n      ${f.what}${more}${peers}`;
}

export function renderBench({ machine, quick, seconds, figures }: BenchReport): string {
  const reached = figures.filter((f) => f.ok === true).length;
  const judged = figures.filter((f) => f.ok !== null).length;
  const head = `${machine.cpu} · ${machine.cpus} CPUs · ${machine.memoryGiB} GiB · Node ${machine.node} · ${machine.dir}`;
  const size = quick ? 'quick: a tenth of the size, so only ratios compare' : 'full size';
  return [
    pc.dim(head),
    ...figures.map(lineOf),
    `${reached} of ${judged} figures reach what the project wants (${size}, ${seconds.toFixed(0)} s)`,
  ].join('\n');
}
