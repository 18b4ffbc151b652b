/** Looking at a log without changing it: HEAD is read first, then LevelDB is opened on a private copy. */
import { existsSync, readdirSync } from 'node:fs';
import { damaged } from './damage.ts';
import type { Folder } from './folder.ts';
import { type HeadMark, readHead } from './headFile.ts';
import { privateCopy } from './privateCopy.ts';
import { openStore, reasonOf, type Store } from './store.ts';

export interface Look {
  readonly store: Store;
  readonly head: HeadMark | undefined;
  close(): Promise<void>;
}

/** A private copy opened; undefined when there is no log yet (LO9). */
export async function openLook(folder: Folder): Promise<Look | undefined> {
  const head = existsSync(folder.dir) ? readHead(folder.head) : undefined;
  if (!existsSync(folder.db) || readdirSync(folder.db).length === 0) {
    if ((head?.position ?? 0) === 0) return undefined;
    throw damaged(1, `HEAD names position ${head!.position}, but there is no store`);
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
