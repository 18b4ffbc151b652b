/** Planted defects of the log, as the engine sees it: what is durable, and who may still write. */
import type { HoldfastEvent } from '../../../events/catalogue.ts';
import type { State } from '../../../projections/state.ts';
import { changed } from '../disk/changedLog.ts';
import type { Plant } from './plant.ts';

export const logPlants: Readonly<Record<string, Plant>> = {
  'skipped-sync': {
    says: 'a batch counts as durable as soon as it is handed to the disk',
    log: (log) =>
      changed(log, {
        append: async (batch) => {
          log.append(batch).catch(() => {});
        },
        flush: async () => {},
        synced: () => log.head(),
      }),
  },
  'synced-never-told': {
    says: 'a log that is durable never says so: whoever waits for it looks again and again',
    log: (log) => changed(log, { synced: () => ({ ...log.synced(), position: 0 }) }),
  },
  'snapshot-without-mail': {
    says: 'a snapshot leaves out what mail is unread, so that whoever starts from it has forgotten it',
    log: (log) =>
      changed(log, {
        putSnapshot: (snapshot) => {
          const state = snapshot.state as State;
          return log.putSnapshot({ ...snapshot, state: { ...state, mail: { ...state.mail, inboxes: {} } } });
        },
      }),
  },
  'stale-epoch-accepted': {
    says: 'a new life takes the epoch of the last one, so that the log cannot tell an older writer from it',
    log: (log) =>
      changed(log, {
        head: () => ({ ...log.head(), epoch: Math.max(0, log.head().epoch - 1) }),
      }),
  },
  'removed-before-recorded': {
    says: 'a text is removed from the disk while the fact that says so is being written',
    log: (log) =>
      changed(log, {
        append: (batch) => {
          for (const { type, data } of batch.events as readonly HoldfastEvent[])
            if (type === 'PayloadForgotten' && data.what === 'blob') log.forget(data.id).catch(() => {});
          return log.append(batch);
        },
      }),
  },
  'forgotten-and-there': {
    says: 'a text is said to be forgotten, and stays on the disk',
    log: (log) => changed(log, { forget: async () => {} }),
  },
};
