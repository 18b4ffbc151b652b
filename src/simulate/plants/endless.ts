/** Planted defects by which a history never ends in its own thread: only who watches from another one finds them. */
import { changed } from '../disk/changedLog.ts';
import type { Plant } from './plant.ts';

export const endlessPlants: Readonly<Record<string, Plant>> = {
  'waits-for-itself': {
    says: 'whoever appends goes round in circles until it is durable, and nobody else comes to move',
    log: (log) =>
      changed(log, {
        append: async (batch) => {
          let durable = false;
          log.append(batch).then(() => {
            durable = true;
          });
          while (!durable) await undefined;
        },
      }),
  },
};
