/** Exit codes: which trouble ends a verb with which number. One table, so that scripts can rely on it. */
import { type Failure, Refused } from '../failure.ts';

export const exit = {
  done: 0,
  /** Refused, or a check that failed. */
  refused: 1,
  usage: 2,
  /** Something outside failed: a disk, a folder, a host. */
  outside: 3,
  /** Nothing goes on but by the answer of a person, or a client that a person starts. */
  person: 4,
  /** The log is owned by another process and cannot be reached through it. */
  owned: 5,
  defect: 70,
  /** Ctrl-C; turns in progress stay in progress. */
  stopped: 130,
} as const;

const codes: Readonly<Record<string, number>> = {
  HOLDFAST_LOG_IN_USE: exit.refused,
  HOLDFAST_NOT_RUNNING: exit.refused,
  HOLDFAST_NOT_FOUND: exit.refused,
  HOLDFAST_PROCESS_NOT_FOUND: exit.refused,
  HOLDFAST_SALVAGE_TARGET_NOT_EMPTY: exit.refused,
  HOLDFAST_IMPORT_BAD_LINE: exit.refused,
  HOLDFAST_IMPORT_NOT_A_ROLLOUT: exit.refused,
  HOLDFAST_LOG_IMPORTED: exit.refused,
  HOLDFAST_BAD_CHECKPOINT: exit.refused,
  HOLDFAST_BAD_PROOF: exit.refused,
  HOLDFAST_LOG_NOT_AS_SIGNED: exit.refused,
  HOLDFAST_USAGE: exit.usage,
  HOLDFAST_FLEET_FILE: exit.usage,
  HOLDFAST_UNKNOWN_MODEL: exit.usage,
  HOLDFAST_UNKNOWN_ROLE: exit.usage,
  HOLDFAST_NO_REPOSITORY: exit.usage,
  HOLDFAST_UNKNOWN_FIGURE: exit.usage,
  HOLDFAST_NO_SUCH_POSITION: exit.usage,
  HOLDFAST_LOG_LOCKED: exit.owned,
  HOLDFAST_OWNER_UNREACHABLE: exit.owned,
  HOLDFAST_FILE_UNREADABLE: exit.usage,
  HOLDFAST_PERSON_NEEDED: exit.person,
  HOLDFAST_CLIENT_NEEDED: exit.person,
  HOLDFAST_STOPPED: exit.stopped,
  HOLDFAST_DEFECT: exit.defect,
};

export const exitOf = (failure: Failure): number =>
  failure instanceof Refused ? exit.refused : (codes[failure.code] ?? exit.outside);
