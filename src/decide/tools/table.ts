/** The one table of tools: for the model loop, other clients and the documentation. */

import type { ToldTools } from '../newCell.ts';
import { closeAgent, interruptAgent, listAgents } from './agents.ts';
import { execTool, waitCell } from './cells.ts';
import { followupTask, sendMessage } from './messages.ts';
import { execCommand, listProcesses, stopProcess, writeStdin } from './processes.ts';
import { spawnAgent } from './spawn.ts';
import type { Tool } from './tool.ts';
import { waitAgent } from './wait.ts';

const tools: readonly Tool[] = [
  spawnAgent,
  sendMessage,
  followupTask,
  waitAgent,
  listAgents,
  interruptAgent,
  closeAgent,
  execCommand,
  writeStdin,
  listProcesses,
  stopProcess,
];

/** What the scripts of cells find under `tools`. */
export const cellTools = tools;

/** The same as `CellCreated` records it: one list for all cells, with its members in the order of the chain. */
export const cellToolsTold: ToldTools = tools.map(({ name, description }) => ({ description, name }));

export const toolTable: Readonly<Record<string, Tool>> = Object.fromEntries(
  [...tools, execTool(cellToolsTold), waitCell].map((tool: Tool) => [tool.name, tool]),
);
