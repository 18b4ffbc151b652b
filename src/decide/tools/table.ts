/** The one table of tools: for the model loop, other clients and the documentation. */
import { closeAgent, interruptAgent, listAgents } from './agents.ts';
import { followupTask, sendMessage } from './messages.ts';
import { execCommand, listProcesses, stopProcess, writeStdin } from './processes.ts';
import { spawnAgent } from './spawn.ts';
import type { Tool } from './tool.ts';
import { waitAgent } from './wait.ts';

export const toolTable: Readonly<Record<string, Tool>> = Object.fromEntries(
  [
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
  ].map((tool: Tool) => [tool.name, tool]),
);
