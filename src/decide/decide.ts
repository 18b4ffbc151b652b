/** state + command → facts and an answer, or a refusal. Pure: the same arguments give the same decision. */
import type { State } from '../../projections/state.ts';
import { answerApproval } from './approval.ts';
import { renewTask, taskExpired, taskRegistered, taskRegistrationFailed, taskRejected, unbind } from './binding.ts';
import { budgetSpent, changeBudget } from './budget.ts';
import { endCall, waitExpired } from './calls.ts';
import { carryOutCell, cellDrained, cellLost, createCell, fireTimers, terminateCell } from './cell.ts';
import { observeFrontier, resumeCell, resumeFailed } from './cellFrontier.ts';
import { callTool, cancelCall, joinClient, leaveClient } from './client.ts';
import type { Command, CommandOf } from './command.ts';
import type { Context, Decision } from './decision.ts';
import { forget } from './forget.ts';
import { identityLost, identityRegistered, identityRegistrationFailed } from './identity.ts';
import { detach, reattach } from './leases.ts';
import { open, start, stop } from './life.ts';
import { changeLimits, close, evict, interrupt, send } from './operator.ts';
import { launchFailed, processEnded, processLost, processStarted, processTyped, processWritten } from './process.ts';
import { spawnRoot } from './roots.ts';
import { clean, stopProcess, stopProcesses } from './stops.ts';
import { carryOut, compacted, loadFailed, sampled, samplingFailed, unloadAbandoned } from './turn.ts';
import { workspaceFailed, workspaceMade, workspaceReleased } from './workspace.ts';

type Deciders = { readonly [D in Command['do']]: (state: State, ctx: Context, command: CommandOf<D>) => Decision };

const deciders: Deciders = {
  open,
  start,
  stop,
  stopProcesses,
  spawnRoot,
  joinClient,
  leaveClient,
  callTool,
  cancelCall,
  send,
  interrupt,
  close,
  evict,
  answerApproval,
  detach,
  reattach,
  clean,
  stopProcess,
  changeLimits,
  changeBudget,
  budgetSpent,
  forget,
  sampled,
  samplingFailed,
  compacted,
  carryOut,
  waitExpired,
  endCall,
  loadFailed,
  unloadAbandoned,
  workspaceMade,
  workspaceFailed,
  workspaceReleased,
  processStarted,
  launchFailed,
  processWritten,
  processTyped,
  processEnded,
  processLost,
  identityRegistered,
  identityRegistrationFailed,
  identityLost,
  taskRegistered,
  taskRegistrationFailed,
  taskExpired,
  taskRejected,
  renewTask,
  unbind,
  createCell,
  cellDrained,
  carryOutCell,
  fireTimers,
  observeFrontier,
  resumeCell,
  resumeFailed,
  terminateCell,
  cellLost,
};

export const decide = (state: State, ctx: Context, command: Command): Decision =>
  (deciders[command.do] as (state: State, ctx: Context, command: Command) => Decision)(state, ctx, command);
