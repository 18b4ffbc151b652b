/**
 * Whom a fleet is registered with, as the engine sees it: an account, a key, and a registrar. Nothing that is secret
 * crosses this port by itself: a signer signs and opens without giving its key, and a token goes to the registrar only.
 */

/** Who asks, as it was at one moment: taken once per attempt, so that no request mixes two accounts. */
export interface Account {
  readonly accountId: string;
  /** Bearer token. */
  readonly token?: string;
}

export interface Signer {
  /** In the form of OpenSSH. */
  readonly publicKey: string;
  /** Ed25519 over the UTF-8 of a text, in base64. */
  sign(text: string): string;
  /** Opens a sealed box (base64) to the X25519 key that belongs to this key; rejects where it is not for us. */
  open(sealed: string): Promise<string>;
}

export type KeySeen =
  | { readonly is: 'sound'; readonly signer: Signer }
  | { readonly is: 'missing' }
  | { readonly is: 'damaged' };

/** The one key of the fleet. Both throw a Failure where the file cannot be read or is open to others. */
export interface Keys {
  look(): KeySeen;
  /** A new key for this registration; the same again when it was made before. What lay there is put aside. */
  create(registration: string): Signer;
}

export interface AgentRequest {
  /** The registrar knows a request that comes again by it and by the public key of `signer`, which may be another one when the key file was lost. */
  readonly key: string;
  readonly account: Account;
  readonly signer: Signer;
}

export interface TaskRequest extends AgentRequest {
  readonly runtimeId: string;
  /** Milliseconds since 1970. */
  readonly at: number;
}

/**
 * Fails with a `Failure`: HOLDFAST_REGISTRAR_REJECTED where the account or the runtime is not taken (401, 403),
 * HOLDFAST_REGISTRAR_UNREACHABLE, HOLDFAST_REGISTRAR_FAILED and HOLDFAST_REGISTRAR_ANSWER otherwise.
 */
export interface Registrar {
  registerAgent(request: AgentRequest, signal: AbortSignal): Promise<{ readonly runtimeId: string }>;
  registerTask(
    request: TaskRequest,
    signal: AbortSignal,
    /** `ttlMs`: how long the task is good for; absent: for ever. */
  ): Promise<{ readonly taskId: string; readonly ttlMs?: number }>;
}

export interface IdentityPorts {
  readonly registrar: Registrar;
  readonly keys: Keys;
  /** As it is now: it may change at any time. */
  readonly account: () => Account;
}
