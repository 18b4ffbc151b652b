/** The sequential model for processes: what detach, reattach, clean and stop are answered, and which batch they leave. */
import type { HoldfastEvent } from '../../../events/catalogue.ts';
import type { Command } from '../../decide/command.ts';
import type { KnownProcess } from './knownProcess.ts';
import type { Expected, Told } from './oneAtATime.ts';
import type { KnownAgent, Picture } from './picture.ts';

type Asked<D extends Command['do']> = Extract<Command, { readonly do: D }>;

const inOrder = (processes: Iterable<KnownProcess>): KnownProcess[] =>
  [...processes].filter(({ ended }) => !ended).sort((a, b) => a.processId - b.processId);
const idsOf = (processes: readonly KnownProcess[]): number[] => processes.map(({ processId }) => processId);

/** A command that moves or ends exactly these; without any it leaves nothing. */
function acting(told: Told, of: (event: HoldfastEvent) => number | undefined, ids: readonly number[]): Expected {
  if (ids.length === 0) return { told };
  return {
    of: (batch) => {
      const found = batch.flatMap((event) => of(event) ?? []);
      return found.length === ids.length && found.every((id, i) => id === ids[i]) ? told : undefined;
    },
  };
}

const stops = (told: Told, reason: 'cleaned' | 'requested', processes: readonly KnownProcess[]): Expected =>
  acting(
    told,
    ({ type, data, by }) =>
      type === 'ProcessStopRequested' && data.reason === reason && by === 'operator' ? data.processId : undefined,
    idsOf(processes.filter(({ stopping }) => !stopping)),
  );

function detach(agent: KnownAgent): Expected {
  const ids = idsOf(inOrder(agent.processes.values()).filter(({ place }) => place === 'attached'));
  const own = ({ type, data }: HoldfastEvent) =>
    type === 'ProcessDetached' && data.reason === 'operator' ? data.processId : undefined;
  return acting({ path: agent.path, detached: ids }, own, ids);
}

function reattach(picture: Picture, agent: KnownAgent, { only }: Asked<'reattach'>): Expected {
  const wanted = [...new Set(only ?? agent.processes.keys())].sort((a, b) => a - b);
  const free = wanted.filter((id) => agent.processes.get(id)?.place === 'detached');
  const others = only === undefined ? [] : wanted.filter((id) => !free.includes(id));
  const skipped = others.map((processId) => {
    const process = picture.processes.get(processId);
    if (process === undefined) return { processId, why: 'unknown' };
    return process.ended ? { processId, why: 'ended' } : { processId, why: 'held', holder: process.agent.path };
  });
  const held = skipped.filter(({ why }) => why === 'held').map(({ processId }) => processId);
  const moved = ({ type, data, by }: HoldfastEvent) =>
    by === 'operator' && (type === 'ProcessReattached' || type === 'ReattachSkipped') ? data.processId : undefined;
  return acting({ path: agent.path, reattached: free, skipped }, moved, [...free, ...held]);
}

function clean(processes: Iterable<KnownProcess>, more: Told): Expected {
  const detached = inOrder(processes).filter(({ place }) => place === 'detached');
  return stops({ ...more, cleaned: idsOf(detached) }, 'cleaned', detached);
}

function stop(picture: Picture, { processId }: Asked<'stopProcess'>): Expected {
  const process = picture.processes.get(processId);
  if (process === undefined) return { told: { code: 'HOLDFAST_PROCESS_NOT_FOUND' } };
  const { agent, ended } = process;
  return stops({ processId, path: agent.path, stopping: !ended }, 'requested', ended ? [] : [process]);
}

/** Undefined for other commands. `agentOf`: the agent that a target means, or the code of the refusal. */
export function expectedOfProcesses(
  picture: Picture,
  command: Command,
  agentOf: (target: string) => KnownAgent | string,
): Expected | undefined {
  if (command.do === 'stopProcess') return stop(picture, command);
  if (command.do === 'clean' && command.target === undefined) return clean(picture.processes.values(), {});
  if (command.do !== 'detach' && command.do !== 'reattach' && command.do !== 'clean') return undefined;
  const agent = agentOf(command.target!);
  if (typeof agent === 'string') {
    if (agent !== 'HOLDFAST_AGENT_NOT_FOUND') return { told: { code: agent } };
    const none = { detach: { detached: [] }, reattach: { reattached: [], skipped: [] }, clean: { cleaned: [] } };
    return { told: { path: command.target, ...none[command.do] } };
  }
  if (command.do === 'detach') return detach(agent);
  return command.do === 'reattach'
    ? reattach(picture, agent, command)
    : clean(agent.processes.values(), { path: agent.path });
}
