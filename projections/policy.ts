/**
 * Rules by which slots and memory are given out, by name: Holdfast's own with other numbers, and those of the tools whose
 * rollouts are imported. A log can be rehearsed under any of them.
 */

export const evictions = ['lru', 'slru', 'never'] as const;
export type Eviction = (typeof evictions)[number];

export interface Policy {
  /** As people write it. */
  readonly name: string;
  /** Slots for sub-agents in one root's tree. */
  readonly slots: number;
  /** Who holds a slot: a turn until it ends, or an agent from its spawning until it is closed. */
  readonly held: 'turn' | 'agent';
  /** Sub-agents in memory; more only while more are in a turn. */
  readonly residents: number;
  readonly eviction: Eviction;
  /** Whether `residents` counts for each root's tree or for all of them. */
  readonly memoryOf: 'tree' | 'all';
  /** Limits of the fleet that the policy does not name: it takes them over, and every later change of them. */
  readonly follows: readonly (keyof Given)[];
}

const everyone = Number.MAX_SAFE_INTEGER;

/** Policies of other tools; `max` is the number that their configuration names. */
const tools: Readonly<
  Record<string, { readonly max: number; readonly of: (max: number) => Omit<Policy, 'name' | 'follows'> }>
> = {
  /** `agents.max_threads`: an agent counts until it is closed, completed or not, and stays in memory as long. */
  'codex-v1': {
    max: 6,
    of: (max) => ({ slots: max, held: 'agent', residents: everyone, eviction: 'never', memoryOf: 'tree' }),
  },
  /** `max_concurrent_threads_per_session`, the root among them: running turns count, and as many agents stay in memory. */
  'codex-v2': {
    max: 4,
    of: (max) => ({
      slots: Math.max(0, max - 1),
      held: 'turn',
      residents: Math.max(0, max - 1),
      eviction: 'lru',
      memoryOf: 'tree',
    }),
  },
  /** Parallel tasks; nothing tells of memory. */
  claude: {
    max: 10,
    of: (max) => ({ slots: max, held: 'turn', residents: everyone, eviction: 'never', memoryOf: 'tree' }),
  },
};

export const toolPolicies: readonly string[] = Object.keys(tools);

function toolPolicy(text: string): Policy | undefined {
  const match = /^([a-z][a-z0-9-]*?)(?:\(max=(\d{1,9})\))?$/.exec(text);
  const tool = match === null || !Object.hasOwn(tools, match[1]!) ? undefined : tools[match[1]!];
  if (match === null || tool === undefined) return undefined;
  const max = match[2] === undefined ? tool.max : Number(match[2]);
  return { name: `${match[1]}(max=${max})`, ...tool.of(max), follows: [] };
}

/** What a policy is made of where it does not say. */
export interface Given {
  readonly activeTurns: number;
  readonly residents: number;
}

/** `codex-v1(max=6)`, or any of `slots=5,residents=8,lru`; undefined when it is neither. */
export function policyOf(text: string, { activeTurns, residents }: Given): Policy | undefined {
  const named = toolPolicy(text);
  if (named !== undefined) return named;
  const policy = { slots: activeTurns, held: 'turn', residents, eviction: 'lru' as Eviction, memoryOf: 'all' } as const;
  const told: { slots?: number; residents?: number; eviction?: Eviction } = {};
  for (const part of text.split(',')) {
    const [, key, number] = /^(slots|residents)=(\d{1,9})$/.exec(part) ?? [];
    const eviction = evictions.find((known) => known === part);
    if (key !== undefined && told[key as 'slots'] === undefined) told[key as 'slots'] = Number(number);
    else if (eviction !== undefined && told.eviction === undefined) told.eviction = eviction;
    else return undefined;
  }
  const whole = { ...policy, ...told };
  const follows: (keyof Given)[] = [
    ...(told.slots === undefined ? (['activeTurns'] as const) : []),
    ...(told.residents === undefined ? (['residents'] as const) : []),
  ];
  return { name: `slots=${whole.slots},residents=${whole.residents},${whole.eviction}`, ...whole, follows };
}
