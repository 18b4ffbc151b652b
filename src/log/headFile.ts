/** The file HEAD beside LevelDB. */
import {
  closeSync,
  constants,
  fdatasync,
  fdatasyncSync,
  fstatSync,
  fsyncSync,
  openSync,
  readFileSync,
  readSync,
  writeSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { syncFolderNow } from './folder.ts';
import { Head, type HeadMark, headBytes, markIn, slotBytes } from './headSlots.ts';

/** What HEAD says; a missing file says nothing. */
export function readHead(path: string): HeadMark | 'none' | 'bad' {
  try {
    return markIn(readFileSync(path));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return 'none';
    throw error;
  }
}

/** Opens HEAD for writing; a new one is synced with its folder. */
export function openHead(path: string): Head {
  const fd = openSync(path, constants.O_RDWR | constants.O_CREAT, 0o600);
  const before = Buffer.alloc(headBytes);
  if (fstatSync(fd).size >= headBytes) readSync(fd, before, 0, headBytes, 0);
  if (typeof markIn(before) === 'string') {
    // Two whole slots from the beginning, and its name durable, before anything is said in it.
    writeSync(fd, Buffer.alloc(headBytes), 0, headBytes, 0);
    fsyncSync(fd);
    syncFolderNow(dirname(path));
  }
  return new Head({
    before,
    write: (slot, at) => {
      if (writeSync(fd, slot, 0, slotBytes, at) !== slotBytes) throw new Error('HEAD was written in part');
    },
    sync: () =>
      new Promise((resolve, reject) => fdatasync(fd, (error) => (error === null ? resolve() : reject(error)))),
    syncNow: () => fdatasyncSync(fd),
    close: () => closeSync(fd),
  });
}
