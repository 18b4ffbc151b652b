/** The answer of `why task`: how an agent came to its task, or lost it, and under which identity. */
import type { HoldfastEvent } from '../../events/catalogue.ts';
import type { Agent, State } from '../../projections/state.ts';
import { bindingOf } from '../../projections/taskBindings.ts';
import { agentNamed } from '../words/agentNamed.ts';
import { nameIn } from '../words/names.ts';
import { type Evidence, means } from './evidence.ts';
import type { Reason } from './question.ts';

/** The newest of these many events of a task that is renewed all the time. */
const storyMax = 30;

/** Of an agent's task, and of the identities it was registered under. */
export async function taskStory(evidence: Evidence, agentId: string): Promise<void> {
  const own = (await evidence.ofStream(`task/${agentId}`, () => true)).slice(-storyMax);
  const epochs = new Set(own.flatMap(epochOf));
  const identities =
    own.length === 0 ? [] : await evidence.ofStream('identity', (e) => epochOf(e).some((n) => epochs.has(n)));
  evidence.add(...own, ...identities);
}

const epochOf = ({ data }: HoldfastEvent): number[] => ('identityEpoch' in data ? [data.identityEpoch] : []);

function sentence(state: State, agent: Agent): string {
  const { agentId } = agent;
  const name = nameIn(state, agent);
  const binding = bindingOf(state, agentId);
  const asked = state.taskBindings.registering[agentId];
  const last = state.taskBindings.newest[agentId];
  if (binding !== undefined)
    return `${name} acts under ${binding.taskId} since #${binding.position}${asked === undefined ? '' : `; it is being renewed since #${asked.position}`}`;
  if (asked !== undefined) return `${name} is being registered since #${asked.position}, attempt ${asked.attempt}`;
  if (last !== undefined) return `${name} was bound to ${last.taskId} under an identity that counts no more`;
  return state.fleet.file?.identity === undefined
    ? `${name} has no task: the fleet file has no \`identity\``
    : `${name} has no task; its next turn registers one`;
}

/** `id`: an agent's path or id, or a task's id. */
export const task: Reason = async ({ state, evidence, id }) => {
  const bound = Object.entries(state.taskBindings.newest).find(([, { taskId }]) => means(taskId, id));
  const agent = bound === undefined ? agentNamed(state, id) : state.agents[bound[0]]!;
  await taskStory(evidence, agent.agentId);
  return sentence(state, agent);
};
