/** The assertion that goes with outgoing requests: who acts, under which task, when, signed (TB6). */
import type { Signer } from './port.ts';

/** Name of the request header; also the scheme when it comes as `Authorization`. */
export const assertionHeader = 'AgentAssertion';

/** UTC in seconds, RFC 3339: what registrars compare timestamps in. */
export const timestampOf = (at: number): string => `${new Date(at).toISOString().slice(0, 19)}Z`;

export interface Assertion {
  readonly agent_runtime_id: string;
  readonly signature: string;
  readonly task_id: string;
  readonly timestamp: string;
}

export const signedText = (runtimeId: string, taskId: string, timestamp: string): string =>
  `${runtimeId}:${taskId}:${timestamp}`;

/** base64url, without padding, of JSON with its keys in order. */
export function assertionOf(
  signer: Signer,
  of: { readonly runtimeId: string; readonly taskId: string },
  at: number,
): string {
  const timestamp = timestampOf(at);
  const assertion: Assertion = {
    agent_runtime_id: of.runtimeId,
    signature: signer.sign(signedText(of.runtimeId, of.taskId, timestamp)),
    task_id: of.taskId,
    timestamp,
  };
  return Buffer.from(JSON.stringify(assertion)).toString('base64url');
}

const members = ['agent_runtime_id', 'signature', 'task_id', 'timestamp'] as const;

/** What somebody sent; undefined when it is no assertion. */
export function parseAssertion(text: string): Assertion | undefined {
  try {
    const value: unknown = JSON.parse(Buffer.from(text, 'base64url').toString());
    if (typeof value !== 'object' || value === null) return undefined;
    return members.every((key) => typeof (value as Record<string, unknown>)[key] === 'string')
      ? (value as Assertion)
      : undefined;
  } catch {
    return undefined;
  }
}
