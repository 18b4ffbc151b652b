/** What a cell has done, in the words that models know from code mode. */
import type { OutputItem } from '../../events/cell.ts';
import type { Outcome, ToolOutput } from '../../events/turn.ts';
import { withinTokens } from './output.ts';

/** What a reader is told of a cell. */
export interface CellView {
  readonly cellId: string;
  readonly state: 'running' | 'pending' | 'completed' | 'failed' | 'terminated' | 'lost';
  /** New to this reader. */
  readonly items: readonly OutputItem[];
  /** Where it goes on reading. */
  readonly next: number;
  /** The frontier it stands at, and the calls it waits for there. */
  readonly generation?: number;
  readonly pending?: readonly string[];
  readonly end?: {
    readonly processes: readonly number[];
    readonly conflicts: readonly string[];
    readonly reason?: string;
    readonly error?: string;
  };
}

const tokensDefault = 10_000;

const status = ({ state, cellId }: CellView): string => {
  if (state === 'running' || state === 'pending') return `Script running with cell ID ${cellId}`;
  return state === 'lost' ? 'Script failed' : `Script ${state}`;
};

export const shown = (item: OutputItem): string =>
  'text' in item ? (item.text as string) : `[image ${String(item.imageUrl).slice(0, 60)}]`;

/** What else its reader has to know: what it left running, and what was not stored. */
function notes({ end }: CellView): string[] {
  if (end === undefined) return [];
  const { processes, conflicts } = end;
  return [
    ...(processes.length > 0
      ? [`Still running: session ${processes.join(', session ')} (write_stdin, stop_process)`]
      : []),
    ...(conflicts.length > 0
      ? [`Not stored, because another cell has stored it meanwhile: ${conflicts.join(', ')}`]
      : []),
  ];
}

/** `wallMs`: how long the call has waited. Text for the model; the same as fields for scripts. */
export function presentCell(
  view: CellView,
  wallMs: number,
  tokensMax = tokensDefault,
): { readonly outcome: Outcome; readonly output: ToolOutput } {
  const { state, cellId, items, generation, pending, end } = view;
  const seconds = Number((wallMs / 1000).toFixed(1));
  const output = withinTokens(items.map(shown).join('\n'), tokensMax);
  const failed = state === 'failed' || state === 'lost';
  const why = state === 'failed' ? end?.error : end?.reason;
  const images = items.filter((item) => 'imageUrl' in item);
  const parts = [`${status(view)}\nWall time ${seconds.toFixed(1)} seconds\nOutput:\n${output}`, ...notes(view)];
  if (failed) parts.push(`Script error:\n${why ?? ''}`);
  const fields = {
    cell_id: cellId,
    state,
    wall_time_seconds: seconds,
    output,
    ...(generation !== undefined && { generation, pending }),
    ...(end !== undefined && { processes: end.processes, conflicts: end.conflicts }),
    ...(failed && { error: why ?? '' }),
  };
  return {
    outcome: failed ? 'error' : 'ok',
    output: { text: parts.join('\n'), fields, ...(images.length > 0 && { images }) },
  };
}
