/** What an import did: an import that cannot be checked is worth nothing. */
import type { Mark } from '../../events/imported.ts';
import type { State } from '../../projections/state.ts';
import type { Feed } from './feed.ts';
import type { Skipped } from './teller.ts';

export interface FileReport {
  readonly name: string;
  readonly key: string;
  /** Path of its agent. */
  readonly agent: string;
  readonly bytes: number;
  readonly lines: number;
  /** Bytes of a torn last line: read again by the next import. */
  readonly heldBack: number;
  readonly defects: Readonly<Record<string, number>>;
}

export interface ImportReport {
  /** It was stopped before the end of the files. */
  readonly stopped: boolean;
  /** In the log now, and added to it. */
  readonly events: number;
  readonly added: number;
  readonly agents: number;
  readonly roots: number;
  /** Turns that no line ends: they stay open. */
  readonly openTurns: number;
  readonly files: readonly FileReport[];
  /** Files that were not imported, and why. */
  readonly skipped: readonly Skipped[];
  /** New lines by kind, as the tool calls them. */
  readonly kinds: Readonly<Record<string, number>>;
  readonly defects: Readonly<Record<string, number>>;
  /** New events by how sure they are. */
  readonly marks: Readonly<Record<Mark, number>>;
  readonly policies: Readonly<Record<string, string>>;
}

function sum(all: readonly Readonly<Record<string, number>>[]): Record<string, number> {
  const total: Record<string, number> = {};
  for (const counts of all) for (const [key, n] of Object.entries(counts)) total[key] = (total[key] ?? 0) + n;
  return Object.fromEntries(Object.entries(total).sort(([a], [b]) => (a < b ? -1 : 1)));
}

interface Imported {
  readonly state: State;
  readonly before: number;
  readonly feeds: readonly Feed[];
  readonly skipped: readonly Skipped[];
  readonly marks: Readonly<Record<Mark, number>>;
  readonly stopped: boolean;
}

export function reportOf({ state, before, feeds, skipped, marks, stopped }: Imported): ImportReport {
  const files = Object.values(state.sources?.files ?? {});
  return {
    stopped,
    events: state.position,
    added: state.position - before,
    agents: Object.keys(state.agents).length,
    roots: state.roots.length,
    openTurns: Object.keys(state.turns).length,
    files: feeds.map(({ source, position, lines, heldBack, defects }) => {
      const agentId = files.find(({ key }) => key === source.teller.key)?.agentId;
      return {
        name: source.teller.name,
        key: source.teller.key,
        agent: agentId === undefined ? '' : (state.agents[agentId]?.path ?? ''),
        bytes: position,
        lines,
        heldBack,
        defects: { ...defects },
      };
    }),
    skipped,
    kinds: sum(feeds.map(({ kinds }) => kinds)),
    defects: sum(feeds.map(({ defects }) => defects)),
    marks: { ...marks },
    policies: Object.fromEntries(
      files.flatMap(({ agentId, policy }) => (policy === undefined ? [] : [[agentId, policy]])),
    ),
  };
}
