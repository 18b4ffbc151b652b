/** Facts about the fleet as a whole: its opening, the lives of the engine, limits, answers to keyed commands. */
import * as t from 'io-ts';
import { aggregate, fact, shape } from './fact.ts';
import { Budget, fleetOptions, Limits, Root } from './fleetFile.ts';
import { AgentId } from './ids.ts';

const fleet = aggregate('fleet', () => '');

/** The fleet file as it was decoded; a fleet that is opened from a program may have no roots yet. */
const FleetDecoded = shape({ roots: t.array(Root) }, fleetOptions);

export const FleetOpened = fact(
  'FleetOpened',
  fleet,
  t.type({
    fleetId: t.string,
    /** Version of the log's format as a whole. */
    format: t.number,
    version: t.string,
    limits: Limits,
    fleet: FleetDecoded,
    origin: t.keyof({ own: null, codex: null, claude: null }),
  }),
);

export const EngineStarted = fact(
  'EngineStarted',
  fleet,
  t.type({ bootId: t.string, pid: t.number, version: t.string }),
);

export const EngineStopped = fact('EngineStopped', fleet, t.type({ reason: t.string }));

/** What can be changed while a fleet is open. */
export const LimitsNow = t.partial({
  activeTurns: t.number,
  whenFull: t.keyof({ refuse: null, queue: null }),
  residents: t.number,
  processes: t.number,
  onFull: t.keyof({ refuse: null, prune: null }),
  cells: t.number,
  depth: t.number,
  outputBytes: t.number,
});

export type LimitsNow = t.TypeOf<typeof LimitsNow>;

export const LimitsChanged = fact('LimitsChanged', fleet, t.type({ limits: LimitsNow }));

/** What models may cost from now on, all of it. */
export const BudgetChanged = fact('BudgetChanged', fleet, t.type({ budget: Budget }));

/** A payload that is no longer on the disk: the events that name it stay, and so do chain, proofs and replay. */
export const PayloadForgotten = fact(
  'PayloadForgotten',
  fleet,
  shape(
    {
      what: t.keyof({ blob: null, output: null, secret: null }),
      /** SHA-256 of the blob, id of the process, or name of the secret. */
      id: t.string,
      reason: t.string,
    },
    /** Whose payloads were forgotten together. */
    { agentId: AgentId },
  ),
);

export const CommandAnswered = fact(
  'CommandAnswered',
  fleet,
  shape({ key: t.string, requestHash: t.string }, { answer: t.unknown, refusal: t.unknown }),
);

/** Who held what when something was refused: the facts an error needs to be understood. */
export const Holder = shape(
  { agentId: AgentId, path: t.string, since: t.number },
  { reservationId: t.string, processId: t.number, cellId: t.string },
);

export const LimitRefused = fact(
  'LimitRefused',
  fleet,
  shape(
    {
      refusalId: t.string,
      limit: t.keyof({ processes: null, cells: null, depth: null, budget: null }),
      number: t.number,
      holders: t.array(Holder),
      wouldFree: t.string,
    },
    {
      agentId: AgentId,
      path: t.string,
      /** budget: what is limited, for whom, and what was spent of it. */
      spending: t.type({
        what: t.keyof({ tokens: null, money: null }),
        of: t.keyof({ tree: null, agent: null }),
        spent: t.number,
      }),
    },
  ),
);
