/** `holdfast bench`: measures this machine and this build, family by family, in a folder that is deleted afterwards. */
import { mkdtempSync, rmSync } from 'node:fs';
import { cpus, tmpdir, totalmem } from 'node:os';
import { join } from 'node:path';
import { Failure } from '../failure.ts';
import { auditFigures } from './audit.ts';
import { cellFigures } from './cells.ts';
import { commandFigures } from './commands.ts';
import { footprintFigures } from './footprint.ts';
import { historyFigures } from './histories.ts';
import { importFigures } from './imports.ts';
import { Logs, type Sizes } from './logs.ts';
import { outputFigures } from './output.ts';
import { reloadFigures } from './reload.ts';
import { replayFigures } from './replay.ts';
import type { BenchReport, Figure } from './report.ts';
import { resumeFigures } from './resume.ts';
import { spawnFigures } from './spawns.ts';
import { wireFigures } from './wire.ts';

export { type BenchReport, type Figure, renderBench } from './report.ts';

export interface BenchOptions {
  /** Families to measure; absent: all of them. */
  readonly figures?: readonly string[];
  /** 10^5 events and 10^4 agents instead of 10^6 and 10^5. */
  readonly quick?: boolean;
  /** Where logs are written while measuring; the disk under it is what is measured. */
  readonly dir?: string;
  readonly onProgress?: (what: string) => void;
  /** Sizes that measure nothing, to see that every figure can be told. */
  readonly small?: boolean;
}

export interface BenchContext {
  /** An empty folder of this family. */
  readonly dir: string;
  readonly quick: boolean;
  readonly small: boolean;
  readonly logs: Logs;
  readonly progress: (what: string) => void;
}

type Family = (context: BenchContext) => Promise<Figure[]>;

const families: Readonly<Record<string, Family>> = {
  commands: commandFigures,
  replay: replayFigures,
  resume: resumeFigures,
  spawn: async (context) => [...(await spawnFigures(context)), ...(await wireFigures(context))],
  reload: reloadFigures,
  footprint: footprintFigures,
  output: outputFigures,
  histories: historyFigures,
  cells: cellFigures,
  audit: auditFigures,
  import: importFigures,
};

function sizesOf(quick: boolean, small: boolean): Sizes {
  if (small) return { busyEvents: 4_000, busyAgents: 100, wideAgents: 200, veterans: 2, historyEvents: 40 };
  const full = { busyEvents: 1_000_000, busyAgents: 10_000, wideAgents: 100_000, veterans: 20, historyEvents: 1_000 };
  return quick ? { ...full, busyEvents: 100_000, busyAgents: 1_000, wideAgents: 10_000 } : full;
}

export const familyNames: readonly string[] = Object.keys(families);

/** `commands`, or one figure of it such as `commands.64clients`, asks for its whole family. */
function chosen(figures: readonly string[] | undefined): string[] {
  if (figures === undefined || figures.length === 0) return [...familyNames];
  const names = figures.map((name) => name.split('.')[0]!);
  for (const name of names) {
    if (Object.hasOwn(families, name)) continue;
    throw new Failure('HOLDFAST_UNKNOWN_FIGURE', `there is no figure ${name}`, {
      remedy: `choose from ${familyNames.join(', ')}`,
      details: { known: familyNames },
    });
  }
  return familyNames.filter((name) => names.includes(name));
}

/** A thread of an engine that has stopped may still be writing a snapshot there. */
const whole = { recursive: true, maxRetries: 50, retryDelay: 100 };

export async function runBench(options: BenchOptions = {}): Promise<BenchReport> {
  const { quick = false, small = false, onProgress = () => {} } = options;
  const start = performance.now();
  const names = chosen(options.figures);
  const folder = mkdtempSync(join(options.dir ?? tmpdir(), 'holdfast-bench-'));
  const logs = new Logs(join(folder, 'logs'), sizesOf(quick, small), onProgress);
  const figures: Figure[] = [];
  try {
    for (const name of names) {
      const dir = mkdtempSync(join(folder, `${name}-`));
      figures.push(...(await families[name]!({ dir, quick, small, logs, progress: onProgress })));
      rmSync(dir, { ...whole, force: true });
    }
  } finally {
    rmSync(folder, { ...whole, force: true });
  }
  return {
    bench: 1,
    quick,
    machine: {
      node: process.versions.node,
      cpu: cpus()[0]?.model ?? 'unknown',
      cpus: cpus().length,
      memoryGiB: Math.round(totalmem() / 2 ** 30),
      dir: options.dir ?? tmpdir(),
    },
    seconds: (performance.now() - start) / 1000,
    figures,
    ok: figures.every((f) => f.ok !== false),
  };
}
