/** The key of a fleet in a file beside its log: mode 0600, made once, checked whenever it is read (TB1). */
import {
  closeSync,
  constants,
  fstatSync,
  fsyncSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { Failure } from '../failure.ts';
import { keyOf, newKey, pemOf, signerOf } from './key.ts';
import type { KeySeen, Keys } from './port.ts';

export const keyFileName = 'identity.key';
/** What lay there when another key was made. */
export const oldKeyFileName = 'identity.key.old';

/** First line of the file: for which registration the key was made, so that a crash does not make two. */
const heading = (registration: string): string =>
  `# Private key of a Holdfast fleet, made for registration ${registration}`;

const codeOf = (error: unknown): string | undefined => (error as NodeJS.ErrnoException).code;

/** Undefined where there is none. */
function read(path: string): string | undefined {
  let fd: number;
  try {
    fd = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW);
  } catch (cause) {
    if (codeOf(cause) === 'ENOENT') return undefined;
    throw new Failure('HOLDFAST_KEY_UNREADABLE', `the key file ${path} cannot be read (${codeOf(cause)})`, {
      remedy: 'make it a plain file that this user may read, or move it away to be registered anew',
      details: { path },
    });
  }
  try {
    const { mode, uid } = fstatSync(fd);
    if ((mode & 0o077) !== 0 || uid !== (process.getuid?.() ?? uid)) {
      throw new Failure(
        'HOLDFAST_KEY_EXPOSED',
        `others may read the key file ${path} (mode ${(mode & 0o777).toString(8)})`,
        {
          remedy: `\`chmod 600 ${path}\` if nobody has read it, else move it away to be registered anew`,
          details: { path, mode: (mode & 0o777).toString(8) },
        },
      );
    }
    return readFileSync(fd, 'utf8');
  } finally {
    closeSync(fd);
  }
}

/** On disk under its name before it is used, or not there at all. */
function write(dir: string, text: string): void {
  const path = join(dir, keyFileName);
  const fresh = `${path}.new`;
  rmSync(fresh, { force: true });
  const fd = openSync(fresh, 'wx', 0o600);
  try {
    writeSync(fd, text);
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
  try {
    renameSync(path, join(dir, oldKeyFileName));
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') throw error;
  }
  renameSync(fresh, path);
  const folder = openSync(dirname(path), 'r');
  fsyncSync(folder);
  closeSync(folder);
}

export function keyFile(dir: string): Keys {
  const path = join(dir, keyFileName);
  return {
    look: (): KeySeen => {
      const text = read(path);
      if (text === undefined) return { is: 'missing' };
      const key = keyOf(text);
      return key === undefined ? { is: 'damaged' } : { is: 'sound', signer: signerOf(key) };
    },
    create: (registration) => {
      const text = read(path);
      const before = text?.startsWith(`${heading(registration)}\n`) === true ? keyOf(text) : undefined;
      if (before !== undefined) return signerOf(before);
      const key = newKey();
      write(dir, `${heading(registration)}\n${pemOf(key)}`);
      return signerOf(key);
    },
  };
}
