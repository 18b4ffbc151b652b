/** The identity of the fleet: the one that counts, and the registration of the next that is under way. */
import type { Reducers } from './reducers.ts';
import type { Identities, State } from './state.ts';

export const noIdentities = (): Identities => ({ newest: 0, lostAttempts: 0 });

/** Off unless the fleet file asks for it (TB1). */
export const isRegistered = (state: State): boolean => state.fleet.file?.identity !== undefined;

export const isStrict = (state: State): boolean => state.fleet.file?.identity?.strict === true;

export const identities: Reducers = {
  IdentityRegistrationStarted: (draft, { data, position, at }) => {
    const { key, identityEpoch, attempt, origin } = data;
    draft.identities.registering = { key, identityEpoch, attempt, origin, position, at };
  },
  IdentityRegistrationFailed: (draft, { data }) => {
    delete draft.identities.registering;
    draft.identities.lostAttempts = data.willRetry ? draft.identities.lostAttempts + 1 : 0;
  },
  IdentityRegistered: (draft, { data, position, at }) => {
    const { runtimeId, accountId, identityEpoch, publicKey } = data;
    draft.identities = {
      newest: identityEpoch,
      lostAttempts: 0,
      current: { runtimeId, accountId, identityEpoch, publicKey, position, at },
    };
  },
  IdentityCleared: (draft, { data }) => {
    if (draft.identities.current?.identityEpoch === data.identityEpoch) delete draft.identities.current;
  },
};
