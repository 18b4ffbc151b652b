/** I8, PA3: one open agent per path in a tree, below open agents; what is closed takes part in nothing; nobody reaches into another tree. */
import type { HoldfastEvent } from '../../../events/catalogue.ts';
import type { Checker } from './checker.ts';
import type { Picture } from './picture.ts';
import { holds } from './violation.ts';

/** Facts in which only open agents can be. */
const ofTheLiving = new Set([
  'AgentLoaded',
  'AgentEvicted',
  'AgentClosed',
  'SlotCommitted',
  'TurnQueued',
  'TurnStarted',
  'TurnUnparked',
  'TurnParked',
  'ModelSampled',
  'SamplingEnded',
  'ToolCallStarted',
  'ToolCallEnded',
  'ProcessRequested',
]);

export function agents(): Checker {
  return {
    before: (picture, event) => {
      const { position } = event;
      if (event.type === 'AgentSpawned') {
        const { agentId, rootId, parentId, path, depth } = event.data;
        holds(!picture.agents.has(agentId), 'I8', position, () => `${agentId} exists`);
        const parent = parentId === undefined ? undefined : picture.agents.get(parentId);
        if (parentId === undefined)
          holds(rootId === agentId && path === '/root', 'I8', position, () => 'a root is its own tree');
        else {
          holds(
            parent?.open === true && parent.tree.rootId === rootId,
            'I8',
            position,
            () => `the parent of ${path} is not an open agent of this tree`,
          );
          const below = path.startsWith(`${parent.path}/`) && !path.slice(parent.path.length + 1).includes('/');
          holds(
            below && depth === path.split('/').length - 2,
            'I8',
            position,
            () => `${path} is not right below ${parent.path}`,
          );
        }
        const taken = picture.trees.get(rootId)?.agents.some((agent) => agent.open && agent.path === path) ?? false;
        holds(!taken, 'I8', position, () => `${path} is taken by an open agent`);
      } else if (event.type === 'AgentClosed') {
        const agent = picture.agent(event.data.agentId);
        holds(agent.openChildren.size === 0, 'I8', position, () => `${agent.path} is closed above open agents`);
        holds(
          agent.turn === undefined && agent.entry === undefined,
          'PA4',
          position,
          () => `${agent.path} is closed while it runs or waits to`,
        );
      }
      insideTree(picture, event);
      if (ofTheLiving.has(event.type) && 'agentId' in event.data) {
        const agent = picture.agents.get(event.data.agentId!);
        holds(
          agent?.open === true,
          'I8',
          position,
          () => `${event.type} of ${agent?.path ?? 'nobody'}, which is not open`,
        );
      }
    },
  };
}

/** Memory is one for the whole fleet: only an eviction may be for somebody of another tree. */
function insideTree(picture: Picture, event: HoldfastEvent): void {
  if (!event.by.startsWith('agent:') || event.type === 'AgentEvicted') return;
  const reached =
    event.type === 'MailAccepted' ? event.data.to : 'agentId' in event.data ? event.data.agentId : undefined;
  const target = reached === undefined ? undefined : picture.agents.get(reached);
  if (target === undefined) return;
  const doer = picture.agent(event.by.slice('agent:'.length));
  holds(doer.tree === target.tree, 'PA3', event.position, () => `${doer.path} reaches ${target.path} of another tree`);
}
