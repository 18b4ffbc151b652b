/** What each request says about itself, so that servers, proxies and their logs can tell agents apart. */
import type { Sampling } from './port.ts';

/** Strings, as the Responses API wants them. `sampling`: its number, the same when it is asked for again. */
export const metadataOf = ({ path, agentId, rootId, rootName, turnId, n, position, purpose }: Sampling) => ({
  agent_path: path,
  agent_id: agentId,
  root_id: rootId,
  root_name: encodeURIComponent(rootName),
  turn_id: turnId,
  sampling: String(n),
  position: String(position),
  purpose,
});

/** Chat servers have no place for it in the body that all of them accept. */
export const metadataHeader = 'holdfast-metadata';
