/** Planted defects below the log: a HEAD that is ahead or that a power cut takes back, a record that is not written in one piece, an index that leaves something out. */
import { decodeFrame } from '../../log/frame.ts';
import type { HeadMark, HeadWriter } from '../../log/headSlots.ts';
import type { Store } from '../../log/store.ts';
import type { Plant } from './plant.ts';

const tipOf = (key: Buffer, value: Buffer): Omit<HeadMark, 'fleetId'> => {
  const { last, seal, epoch, rows } = decodeFrame(key, value);
  return { position: last, seal, epoch, at: rows.at(-1)![4] };
};

/** A store of which some methods are others. */
const changed = (store: Store, other: Partial<Store>): Store => ({
  get: (key) => store.get(key),
  getMany: (keys) => store.getMany(keys),
  put: (key, value, options) => store.put(key, value, options),
  batch: () => store.batch(),
  iterator: (range) => store.iterator(range),
  compactRange: (from, to) => store.compactRange(from, to),
  close: () => store.close(),
  ...other,
});

export const diskPlants: Readonly<Record<string, Plant>> = {
  'head-before-sync': {
    says: 'HEAD is written when a group is handed to the disk, not when it is there',
    disk: ({ store, head }) => {
      let fleetId: string | undefined;
      const eager: HeadWriter = {
        write: (mark) => {
          fleetId = mark.fleetId;
          head.write(mark);
        },
        sync: () => head.sync(),
        syncNow: () => head.syncNow(),
        close: () => head.close(),
      };
      const put: Store['put'] = (key, value, options) => {
        if (fleetId !== undefined) head.write({ ...tipOf(key, value), fleetId });
        return store.put(key, value, options);
      };
      return { store: changed(store, { put }), head: eager };
    },
  },
  'head-in-memory': {
    says: 'HEAD is given to the machine, and synced only with a checkpoint',
    disk: ({ store, head }) => ({
      store,
      head: {
        write: (mark) => head.write(mark),
        sync: () => head.sync(),
        syncNow: () => {},
        close: () => head.close(),
      },
    }),
  },
  'torn-record': {
    says: 'a record is written in two pieces, and the first of them has its name already',
    disk: ({ store, head }) => {
      const put: Store['put'] = async (key, value, options) => {
        await store.put(key, value.subarray(0, value.length >> 1), options);
        await store.put(key, value, options);
      };
      return { store: changed(store, { put }), head };
    },
  },
  'index-left-out': {
    says: 'a checkpoint leaves out what it knows of the last agent of its list',
    disk: ({ store, head }) => {
      const batch: Store['batch'] = () => {
        const writes = store.batch();
        let held: readonly [Buffer, Buffer] | undefined;
        return {
          put: (key, value) => {
            if (key.toString('latin1', 0, 2) !== 'h/') return writes.put(key, value);
            if (held !== undefined) writes.put(...held);
            held = [key, value];
            return undefined;
          },
          del: (key) => writes.del(key),
          write: (options) => writes.write(options),
        };
      };
      return { store: changed(store, { batch }), head };
    },
  },
};
