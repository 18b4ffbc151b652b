/** Which policies an agent's commands are under: its own, and those of the roles above it, so that nobody gets more by spawning. */
import type { Approvals } from '../../../events/fleetFile.ts';
import type { Agent, State } from '../../../projections/state.ts';
import type { Policy } from './judge.ts';

export function policiesOf(state: State, agent: Agent): Policy[] {
  const { approvals: ofFleet = {}, roles = {} } = state.fleet.file ?? {};
  const forGood = state.approvals?.always ?? [];
  const policy = (role: Approvals | undefined): Policy => ({
    mode: role?.mode ?? ofFleet.mode ?? 'auto',
    allow: [...(ofFleet.allow ?? []), ...(role?.allow ?? []), ...forGood],
    deny: [...(ofFleet.deny ?? []), ...(role?.deny ?? [])],
  });
  const ofRole = ({ role }: Agent) =>
    role !== undefined && Object.hasOwn(roles, role) ? roles[role]!.approvals : undefined;
  const found = new Set<Approvals>();
  let above = agent.parentId;
  while (above !== undefined) {
    const parent = state.agents[above]!;
    const role = ofRole(parent);
    if (role !== undefined) found.add(role);
    above = parent.parentId;
  }
  const own = ofRole(agent);
  if (own !== undefined) found.delete(own);
  return [own, ...found].map(policy);
}
