/** What `run` shows while the fleet works: lines of plain text, the events as JSON lines, or nothing. */
import type { EventType } from '../../../events/catalogue.ts';
import type { Hashed } from '../../../events/envelope.ts';
import { decoded } from '../../engine/fold.ts';
import type { Fleet } from '../../fleet.ts';
import { hashedLine } from '../../log/canonical.ts';
import { line } from '../../words/describe.ts';
import { Names } from '../../words/names.ts';
import { LiveView } from '../live/view.ts';
import { type Output, tell } from '../output.ts';

export interface Report {
  /** Durable events, in order. */
  page(events: readonly Hashed[]): Promise<void> | void;
  /** Something that people should read meanwhile. */
  note(text: string): void;
  /** Whoever looks on can answer questions. */
  readonly answers: boolean;
  /** The fleet has come to rest; called before it is stopped. */
  atRest(): Promise<void> | void;
  /** Nothing more comes. */
  end(): void;
}

/** One line per event that tells the story; the rest is in the log. */
const notable = new Set<EventType>([
  'EngineStarted',
  'EngineStopped',
  'LimitsChanged',
  'LimitRefused',
  'AgentSpawned',
  'AgentEvicted',
  'AgentClosed',
  'UnloadAbandoned',
  'SlotRefused',
  'TurnQueued',
  'TurnStarted',
  'TurnResumed',
  'TurnCompleted',
  'TurnFailed',
  'TurnInterrupted',
  'SamplingEnded',
  'ApprovalAsked',
  'ApprovalAnswered',
  'ProcessRequested',
  'ProcessLaunchFailed',
  'ProcessExited',
  'ProcessTerminated',
  'ProcessLost',
]);

const quietly = { answers: false, note: (text: string) => tell(`${text}\n`), atRest: () => {}, end: () => {} };

function plainLines(fleet: Fleet, out: Output): Report {
  const names = new Names();
  return {
    ...quietly,
    page: async (events) => {
      const told = events.map(decoded);
      names.see(told);
      const shown = told.filter((event) => notable.has(event.type));
      await names.learn(fleet.log, shown).catch(() => {
        // The log may just be closing: short ids do.
      });
      await out.lines(shown.map((event) => line(event, names)));
    },
  };
}

export function reportOf(fleet: Fleet, out: Output): Report {
  if (out.format === 'json') return { ...quietly, page: () => {} };
  if (out.format === 'jsonl') return { ...quietly, page: (events) => out.lines(events.map(hashedLine)) };
  return out.isTerminal ? new LiveView(fleet, out) : plainLines(fleet, out);
}
