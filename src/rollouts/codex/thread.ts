/** One Codex rollout while it is retold: what its lines so far say that no event holds. */
import type { Retelling } from '../retelling.ts';
import type { Header } from './header.ts';

export interface Thread {
  readonly retelling: Retelling;
  /** Of the file: found by its header, or by the turn that it goes on with. */
  readonly key: string;
  readonly name: string;
  readonly header: Header | undefined;
  /** The model that the first `turn_context` names. */
  readonly model: string;
  /** Policy for its tree, where it is a root. */
  readonly policy: string;
  /** A file without a header: the turn that it goes on with. */
  readonly continues?: string;
  agentId: string;
  begun: boolean;
  /** Lines are copies of the history of another thread. */
  inherited: boolean;
  /** The rollout says when turns start; before autumn 2025 none did. */
  saysTurns: boolean;
  /** Total of tokens in the newest line about them: repeated lines are the same. */
  total: number;
  lastSaid: string;
  /** Answers of `send_input`: the turn that a mail started has this id. */
  readonly submissions: Map<string, string>;
  /** Names of the tool's own → our cells. */
  readonly cells: Map<string, string>;
  /** Position of the spawn call that an event has told to be refused. */
  refused?: number;
  /** The newest sampling has been paid for: the next item is of another one. */
  paid: boolean;
}
