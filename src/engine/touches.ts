/** Under which agents the log lists an event, beside its own stream: those it is about. */
import { agentsOf } from '../../events/catalogue.ts';
import type { Touches } from '../log/postings.ts';

export const touches: Touches = (event) => agentsOf(event).map((agentId) => `agent/${agentId}`);
