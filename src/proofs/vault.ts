/** Where the checkpoints of a log lie: outside the database, one small file each, to be copied to a safer place. */
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { getCache, putCache } from '../log/caches.ts';
import { folderOf } from '../log/folder.ts';
import type { LogReader } from '../log/port.ts';
import { type Checkpoint, readCheckpoint, signCheckpoint } from './checkpoint.ts';
import { signingKey } from './signingKey.ts';
import { Tree, treeCache } from './tree.ts';

const suffix = '.checkpoint';
/** Names sort as their sizes do. */
const sizeDigits = 12;

export const vaultOf = (dir: string): string => join(dir, 'checkpoints');

/** The tree of a log, with what is kept of it. */
export const treeOf = async (dir: string, log: LogReader): Promise<Tree> =>
  Tree.of(log, await getCache(folderOf(dir).caches, treeCache));

/** Signs what is durable in the log now and keeps it in `folder`; gives the file's path. */
export async function keepCheckpoint(
  dir: string,
  log: LogReader,
  folder = vaultOf(dir),
): Promise<{ readonly file: string; readonly checkpoint: Checkpoint }> {
  const head = log.synced();
  const tree = await treeOf(dir, log);
  await tree.grow(head.position);
  const checkpoint = await signCheckpoint(log, tree, signingKey(dir));
  await putCache(folderOf(dir).caches, treeCache, tree.content(head));
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const file = join(folder, `${String(checkpoint.size).padStart(sizeDigits, '0')}${suffix}`);
  writeFileSync(file, checkpoint.note, { mode: 0o600, flush: true });
  return { file, checkpoint };
}

/** All checkpoints of a folder, shortest first. */
export function checkpointsIn(folder: string): { readonly file: string; readonly checkpoint: Checkpoint }[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .filter((name) => name.endsWith(suffix))
    .sort()
    .map((name) => {
      const file = join(folder, name);
      return { file, checkpoint: readCheckpoint(readFileSync(file, 'utf8')) };
    });
}
