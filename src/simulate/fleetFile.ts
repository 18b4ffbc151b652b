/** The fleet file of a history, as its engine is given it. */
import type { IdentityConfig } from '../../events/fleetFile.ts';
import type { Setup } from './history.ts';
import { secretPattern } from './secrets.ts';

export function fileOf(setup: Setup, identity: IdentityConfig | undefined) {
  const { limits, onCrash, attempts, roots, approvals, spending, redact } = setup;
  const script = { kind: 'script' as const };
  return {
    limits,
    onCrash,
    retry: { attempts, baseMs: 10, maxMs: 100 },
    models: { script, other: script, client: { kind: 'sampling' as const } },
    roles: { worker: { model: 'other', effort: 'low' } },
    roots: roots.map((root) => ({ model: 'script', ...root })),
    ...(approvals && { approvals }),
    ...spending,
    ...(identity && { identity }),
    ...(redact === true && { redact: { patterns: [secretPattern] } }),
  };
}
