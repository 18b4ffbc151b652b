/** Looking at a log without changing it: HEAD is read first, then LevelDB is opened on a private copy. */
import { existsSync, readdirSync } from 'node:fs';
import { damaged } from './damage.ts';
import type { Folder } from './folder.ts';
import { readHead } from './headFile.ts';
import type { HeadMark } from './headSlots.ts';
import { privateCopy } from './privateCopy.ts';
import { openStore, reasonOf, type Store } from './store.ts';

export interface Look {
  readonly store: Store;
  readonly head: HeadMark | 'none' | 'bad';
  close(): Promise<void>;
}

/** A store without events is no log yet, unless HEAD speaks of some, or may have. */
export function refuseLoss(head: HeadMark | 'none' | 'bad'): void {
  if (head === 'bad') throw damaged(1, 'the store holds no event, and HEAD is bad in both slots');
  if (head !== 'none' && head.position > 0)
    throw damaged(1, `the store holds no event, but HEAD names position ${head.position}`);
}

/** A private copy opened; undefined when there is no log yet (LO9). */
export async function openLook(folder: Folder): Promise<Look | undefined> {
  const head = existsSync(folder.dir) ? readHead(folder.head) : 'none';
  if (!existsSync(folder.db) || readdirSync(folder.db).length === 0) {
    refuseLoss(head);
    return undefined;
  }
  const copy = privateCopy(folder.dir, folder.db);
  try {
    const store = await openStore(copy.path, { create: false });
    return {
      store,
      head,
      close: async () => {
        await store.close();
        copy.remove();
      },
    };
  } catch (error) {
    copy.remove();
    throw damaged(1, `the store cannot be opened: ${reasonOf(error)}`, error);
  }
}
