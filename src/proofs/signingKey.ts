/** The key that signs the checkpoints of a log: Ed25519 in a file of mode 0600, made when it is first needed. */
import { createPrivateKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Failure } from '../failure.ts';

/** `HOLDFAST_SIGNING_KEY` names another file, for one key over many logs or a key that lies elsewhere. */
export const signingKeyFile = (dir: string): string => process.env.HOLDFAST_SIGNING_KEY || join(dir, 'signing.key');

/** Throws HOLDFAST_SIGNING_KEY when the file is no Ed25519 key, or others may read it. */
export function signingKey(dir: string): KeyObject {
  const file = signingKeyFile(dir);
  if (!existsSync(file)) {
    const pem = generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' });
    // Two processes at once: the first one's key is the key.
    try {
      writeFileSync(file, pem, { mode: 0o600, flag: 'wx', flush: true });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
  }
  if ((statSync(file).mode & 0o077) !== 0) throw bad(file, 'others than its owner may read it', `chmod 600 ${file}`);
  let key: KeyObject;
  try {
    key = createPrivateKey(readFileSync(file));
  } catch {
    throw bad(file, 'it cannot be read as a private key', 'put the key back, or move the file away: a new key is made');
  }
  if (key.asymmetricKeyType !== 'ed25519')
    throw bad(file, `it holds a key of type ${key.asymmetricKeyType}`, 'give an Ed25519 key in PEM (PKCS #8)');
  return key;
}

const bad = (file: string, why: string, remedy: string): Failure =>
  new Failure('HOLDFAST_SIGNING_KEY', `the signing key ${file} is not used: ${why}`, { remedy, details: { file } });
