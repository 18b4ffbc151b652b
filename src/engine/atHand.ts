/** The identity that is really there, the account and the key in the file, beside the one that the log names. */
import type { IdentityLossReason } from '../../events/identity.ts';
import type { Identity } from '../../projections/state.ts';
import { type IdentitySeen, lossOf } from '../decide/identity.ts';
import type { IdentityPorts, KeySeen, Signer } from '../identity/port.ts';

const lossText: Readonly<Record<IdentityLossReason, string>> = {
  'account-changed': 'the account is not the one that this fleet is registered with',
  'key-missing': 'the key file of this fleet is gone',
  'key-damaged': 'the key file of this fleet is damaged',
  'key-foreign': 'the key file is not the one that this fleet is registered with',
  rejected: 'the registrar does not take the identity of this fleet any more',
};

/** For fleets that are to keep their identity. */
const remedyOfLoss = 'put the key file back, or switch back to that account, and give the task again';

/** With its signer, or the reason why it cannot sign. */
export type AtHand = { readonly signer: Signer } | { readonly reason: IdentityLossReason; readonly error: string };

const lost = (reason: IdentityLossReason): AtHand => ({ reason, error: `${lossText[reason]}; ${remedyOfLoss}` });

const seenOf = (accountId: string, key: KeySeen): IdentitySeen => {
  if (key.is === 'sound') return { accountId, publicKey: key.signer.publicKey };
  return key.is === 'damaged' ? { accountId, damaged: true } : { accountId };
};

/** Shorter ones would be found in ordinary words. */
const tokenLengthMin = 8;

/** TB7: wherever the token of the registrar turns up, it is a secret. */
export function tokenPatterns(ports: IdentityPorts | undefined): string[] {
  const token = ports?.account().token ?? '';
  return token.length < tokenLengthMin ? [] : [token.replaceAll(/[\\^$.*+?()[\]{}|]/g, '\\$&')];
}

/** What a new life finds; undefined where it cannot be looked at: whoever needs it will say so. */
export function look({ account, keys }: IdentityPorts): IdentitySeen | undefined {
  try {
    return seenOf(account().accountId, keys.look());
  } catch {
    return undefined;
  }
}

/** The key is read once and kept in memory. */
export class KeyAtHand {
  readonly #ports: IdentityPorts;
  #signer: Signer | undefined;

  constructor(ports: IdentityPorts) {
    this.#ports = ports;
  }

  /** A key that was made just now. */
  keep(signer: Signer): void {
    this.#signer = signer;
  }

  /** Throws a Failure where the key cannot be read. */
  of(identity: Identity, accountId: string): AtHand {
    if (this.#signer?.publicKey === identity.publicKey)
      return accountId === identity.accountId ? { signer: this.#signer } : lost('account-changed');
    const key = this.#ports.keys.look();
    if (key.is === 'sound') this.#signer = key.signer;
    const reason = lossOf(identity, seenOf(accountId, key));
    return reason === undefined ? { signer: this.#signer! } : lost(reason);
  }
}
