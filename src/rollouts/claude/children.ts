/** Children of Claude Code agents: started by a `Task` or `Agent` call, found by the prompt that both sides hold. */
import type { Call } from '../../../projections/state.ts';
import type { Json } from '../record.ts';
import type { Retelling } from '../retelling.ts';
import { contentText, numberOf, objectOf, textOf } from '../shape.ts';
import { clipped } from '../text.ts';
import type { Session } from './session.ts';

const starters = new Set(['Task', 'Agent']);
export const isStarter = (tool: string): boolean => starters.has(tool);

/** The open call that started the child: named by its file, else the oldest with its prompt that nobody else has claimed. */
export function starterOf({ retelling, parentId, toolUseId, prompt }: Session): Call | undefined {
  const calls = Object.values(retelling.turn(parentId ?? '')?.calls ?? {});
  if (toolUseId !== undefined) return calls.find(({ callId }) => callId === toolUseId);
  return calls.find(
    ({ callId, tool, args }) =>
      isStarter(tool) &&
      textOf(objectOf(args).prompt) === clipped(prompt) &&
      !retelling.starters.has(`${parentId}/${callId}`),
  );
}

/** The child comes to be, at its own first line or with its parent's result. */
export function spawnFor(
  retelling: Retelling,
  parentId: string,
  child: { readonly agentId: string; readonly model: string; readonly cwd: string; readonly at?: number },
  call: Call | undefined,
): void {
  const parent = retelling.agent(parentId);
  if (parent === undefined || retelling.agent(child.agentId) !== undefined) return;
  const args = objectOf(call?.args);
  const { agentId, model, cwd, at } = child;
  const told = { ...(call !== undefined && { cause: call.position, asked: call.at }), ...(at !== undefined && { at }) };
  const name = textOf(args.description) ?? textOf(args.subagent_type) ?? 'agent';
  retelling.spawn(
    agentId,
    parent,
    { name, model, cwd, role: textOf(args.subagent_type), config: {} },
    { mark: 'inferred', by: `agent:${parentId}`, ...told },
  );
  const mail = { id: `${agentId}/task`, from: parentId, to: agentId, kind: 'spawn', trigger: true } as const;
  retelling.accept(mail, textOf(args.prompt) ?? '', call === undefined ? 'inferred' : 'written', told);
}

/** A result of the starting call: the end of a child that was waited for, or the name of one that goes on. */
export function starterAnswered(session: Session, call: Call, result: Json, isError: boolean, text: string): void {
  const { retelling, agentId } = session;
  const claimed = retelling.starters.get(`${agentId}/${call.callId}`);
  const id = textOf(result.agentId) ?? /agentId: ([0-9a-zA-Z_-]+)/.exec(text)?.[1];
  const child = claimed ?? (id === undefined ? undefined : `${rootOf(session)}/${id}`);
  const isAsync = result.isAsync === true || /^Async agent launched/.test(text);
  // An error without a child refused it.
  if (child === undefined && isError) return;
  const ghost = child ?? `${agentId}/${call.callId}`;
  const { model, cwd } = session;
  const lasted = numberOf(result.totalDurationMs);
  const at = lasted === undefined ? undefined : retelling.ledger.place.at - lasted;
  spawnFor(retelling, agentId, { agentId: ghost, model, cwd, ...(at !== undefined && !isAsync && { at }) }, call);
  if (isAsync || retelling.agent(ghost) === undefined) return;
  if (retelling.turn(ghost) === undefined && retelling.agent(ghost)!.last.is === 'pending')
    retelling.startTurn(ghost, `${ghost}/turn`, 'inferred', retelling.unread(ghost));
  const answer = contentText(result.content);
  retelling.complete(ghost, answer === '' ? text : answer, 'written');
}

/** Ids of children are unique in a session. */
export function rootOf({ retelling, agentId, parentId }: Session): string {
  return retelling.agent(agentId)?.rootId ?? parentId ?? agentId;
}

const tag = (text: string, name: string): string | undefined =>
  new RegExp(`<${name}>([^<]*)</${name}>`).exec(text)?.[1];

/** A notice, or a look at a task, says that a child in the background has ended. */
export function taskEnded(session: Session, text: string, named?: string): string | undefined {
  const id = tag(text, 'task-id') ?? tag(text, 'agent-id') ?? tag(text, 'task_id') ?? named;
  const status = tag(text, 'status');
  if (id === undefined || status === undefined) return undefined;
  const child = `${rootOf(session)}/${id}`;
  const { retelling } = session;
  if (retelling.agent(child) === undefined || status === 'running') return undefined;
  if (status === 'killed') retelling.interrupt(child, 'stopped', 'inferred');
  else retelling.complete(child, tag(text, 'result') ?? tag(text, 'output') ?? '', 'inferred');
  return child;
}
