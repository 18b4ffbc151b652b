/** What lies where in the folder of a log. */
import { join } from 'node:path';

export interface Folder {
  readonly dir: string;
  readonly head: string;
  readonly db: string;
  readonly blobs: string;
  readonly snapshots: string;
  readonly caches: string;
  readonly owner: string;
}

export const folderOf = (dir: string): Folder => ({
  dir,
  head: join(dir, 'HEAD'),
  db: join(dir, 'db'),
  blobs: join(dir, 'blobs'),
  snapshots: join(dir, 'snapshots'),
  caches: join(dir, 'caches'),
  owner: join(dir, 'owner.json'),
});
