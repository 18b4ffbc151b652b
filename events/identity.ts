/** Facts about the identity under which a fleet's agents are registered: one at a time, each with an epoch of its own. */
import * as t from 'io-ts';
import { aggregate, fact, shape } from './fact.ts';

const identity = aggregate('identity', () => '');

/** `prewarm`: at a start of the engine, for whoever will need it; `turn`: a turn waits for it. */
export const Need = t.keyof({ prewarm: null, turn: null }, 'Need');
export type Need = t.TypeOf<typeof Need>;

/** The registrar is asked, under a key by which it knows a request that comes again after a crash. */
export const IdentityRegistrationStarted = fact(
  'IdentityRegistrationStarted',
  identity,
  t.type({ key: t.string, identityEpoch: t.number, attempt: t.number, origin: Need }),
);

export const IdentityRegistrationFailed = fact(
  'IdentityRegistrationFailed',
  identity,
  t.type({ key: t.string, identityEpoch: t.number, error: t.string, willRetry: t.boolean }),
);

export const IdentityRegistered = fact(
  'IdentityRegistered',
  identity,
  t.type({
    key: t.string,
    runtimeId: t.string,
    accountId: t.string,
    identityEpoch: t.number,
    /** In the form of OpenSSH. The private key is in a file beside the log and nowhere else. */
    publicKey: t.string,
  }),
);

export const IdentityLossReason = t.keyof(
  {
    'account-changed': null,
    'key-missing': null,
    'key-damaged': null,
    'key-foreign': null,
    rejected: null,
  },
  'IdentityLossReason',
);
export type IdentityLossReason = t.TypeOf<typeof IdentityLossReason>;

/** The tasks of this identity count no more. */
export const IdentityCleared = fact(
  'IdentityCleared',
  identity,
  shape({ runtimeId: t.string, identityEpoch: t.number, reason: IdentityLossReason }, { error: t.string }),
);
