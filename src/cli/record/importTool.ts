/** `import --from`: the rollouts of another tool become a log, or what is new in them is added to the one they have become. */
import { existsSync, readdirSync, rmSync } from 'node:fs';
import { policyOf, toolPolicies } from '../../../projections/policy.ts';
import { Failure } from '../../failure.ts';
import { openLog } from '../../live.ts';
import { refuseStrangers } from '../../log/folder.ts';
import { importRollouts, type Tool } from '../../rollouts/importing.ts';
import type { ImportReport } from '../../rollouts/report.ts';
import { version } from '../../version.ts';
import { columns, oneLine } from '../../words/line.ts';
import { few } from '../../words/quantity.ts';
import { exit } from '../exitCodes.ts';
import { tell } from '../output.ts';
import { commandLine, type Setting } from '../setting.ts';

interface Asked {
  readonly from: Tool;
  readonly path: string;
  readonly policy?: string;
}

/** Named as a tool's own policy, so that what is computed says by whose rules. */
function checkPolicy(text: string | undefined): void {
  const policy = text === undefined ? undefined : policyOf(text, { activeTurns: 0, residents: 0 });
  if (text === undefined || (policy !== undefined && /^[a-z]/.test(text) && text.split('(')[0]! in named)) return;
  throw new Failure('HOLDFAST_USAGE', `\`${text}\` is no policy of another tool`, {
    remedy: `give one of ${toolPolicies.map((name) => `${name}(max=N)`).join(', ')}; \`replay --policy\` tries any other`,
    details: { policy: text },
  });
}

const named = Object.fromEntries(toolPolicies.map((name) => [name, true]));

/** Between two pictures of the bar. */
const barMs = 200;
const barColumns = 30;

/** For a person who watches; nothing where nobody does. */
function bar(): {
  readonly show: (so: { bytes: number; of: number; events: number }) => void;
  readonly end: () => void;
} {
  if (process.stderr.isTTY !== true) return { show: () => {}, end: () => {} };
  const begun = performance.now();
  let last = 0;
  return {
    show: ({ bytes, of, events }) => {
      const now = performance.now();
      if (now - last < barMs && bytes < of) return;
      last = now;
      const part = of === 0 ? 1 : Math.min(1, bytes / of);
      const done = Math.round(part * barColumns);
      const perSecond = (bytes / 1e6 / Math.max(0.001, (now - begun) / 1000)).toFixed(1);
      tell(
        `\r[${'#'.repeat(done)}${'.'.repeat(barColumns - done)}] ${Math.floor(part * 100)}% of ${(of / 1e6).toFixed(1)} MB, ${perSecond} MB/s, ${events} events\u001b[K`,
      );
    },
    end: () => tell('\r\u001b[K'),
  };
}

export async function importTool({ dir, out }: Setting, { from, path, policy }: Asked): Promise<number> {
  checkPolicy(policy);
  if (path === '-') {
    throw new Failure('HOLDFAST_USAGE', 'rollouts are read from files, because they are found again by their places', {
      remedy: 'save it to a file and name that',
    });
  }
  refuseStrangers(dir);
  const isNew = !existsSync(dir) || readdirSync(dir).length === 0;
  const stop = new AbortController();
  const onSignal = () => stop.abort();
  process.once('SIGINT', onSignal).once('SIGTERM', onSignal);
  const progress = bar();
  const log = await openLog(dir);
  try {
    const report = await importRollouts(log, {
      from,
      path,
      version,
      signal: stop.signal,
      onProgress: progress.show,
      ...(policy !== undefined && { policy }),
    });
    progress.end();
    await log.close();
    await out.show(report, () => text(report, dir));
    return report.stopped ? exit.stopped : exit.done;
  } catch (error) {
    progress.end();
    await log.close();
    // Nothing was there before and nothing is now.
    if (isNew && log.head().position === 0) rmSync(dir, { recursive: true, force: true });
    throw error;
  } finally {
    process.off('SIGINT', onSignal).off('SIGTERM', onSignal);
  }
}

const counts = (of: Readonly<Record<string, number>>): string[][] =>
  Object.entries(of).map(([what, n]) => [`  ${String(n).padStart(8)}`, oneLine(what)]);

function text(report: ImportReport, dir: string): string[] {
  const { added, events, agents, roots, openTurns, files, skipped, kinds, defects, marks, policies } = report;
  const lines = files.reduce((sum, file) => sum + file.lines, 0);
  const torn = files.filter(({ heldBack }) => heldBack > 0);
  return [
    ...(report.stopped ? ['stopped; import again to go on'] : []),
    `added ${few(added, 'event')} to ${dir}, which holds ${events}: ${few(agents, 'agent')} in ${few(roots, 'tree')}, ${few(openTurns, 'turn')} without an end`,
    `read ${few(files.length, 'file')}, ${few(lines, 'line')}`,
    ...Object.entries(marks).map(
      ([mark, n]) => `  ${String(n).padStart(8)}  events ${mark}${said[mark as keyof typeof said]}`,
    ),
    ...[...new Set(Object.values(policies))].map(
      (policy) => `slots and memory are computed by ${policy}; no rollout holds them`,
    ),
    ...(Object.keys(kinds).length > 0 ? ['lines by kind:', ...columns(counts(kinds))] : []),
    ...(Object.keys(defects).length > 0 ? ['defects:', ...columns(counts(defects))] : []),
    ...torn.map(
      ({ name, heldBack }) =>
        `${oneLine(name)}: ${heldBack} bytes of a last line that is not whole wait for the next import`,
    ),
    ...skipped.map(({ path, reason }) => `not imported: ${oneLine(path)}: ${reason}`),
    `look at it with: ${commandLine(dir, 'show')}`,
  ];
}

const said = {
  written: ' in the rollouts',
  inferred: ' from what they say',
  unknowable: ': they must have been, and nothing tells how',
  computed: ' under a policy',
} as const;
