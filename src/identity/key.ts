/** An Ed25519 key: made, read from PKCS#8, and turned into what signs and opens without giving itself away. */
import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject, sign, verify } from 'node:crypto';
import { Failure } from '../failure.ts';
import type { Signer } from './port.ts';

const sshType = 'ssh-ed25519';

const field = (bytes: Buffer): Buffer => {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(bytes.length);
  return Buffer.concat([length, bytes]);
};

const rawOf = (key: KeyObject, member: 'x' | 'd'): Buffer =>
  Buffer.from(key.export({ format: 'jwk' })[member]!, 'base64url');

/** `ssh-ed25519 AAAA…`, as in `authorized_keys`. */
const sshOf = (publicKey: KeyObject): string =>
  `${sshType} ${Buffer.concat([field(Buffer.from(sshType)), field(rawOf(publicKey, 'x'))]).toString('base64')}`;

/** Undefined for anything that is no such key. */
export function publicKeyOf(ssh: string): KeyObject | undefined {
  const bytes = Buffer.from(ssh.split(' ')[1] ?? '', 'base64');
  const prefix = Buffer.concat([field(Buffer.from(sshType)), Buffer.from([0, 0, 0, 32])]);
  if (!ssh.startsWith(`${sshType} `) || bytes.length !== prefix.length + 32) return undefined;
  if (!bytes.subarray(0, prefix.length).equals(prefix)) return undefined;
  const x = bytes.subarray(prefix.length).toString('base64url');
  return createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' });
}

export const signedBy = (publicKey: string, text: string, signature: string): boolean => {
  const key = publicKeyOf(publicKey);
  return key !== undefined && verify(null, Buffer.from(text), key, Buffer.from(signature, 'base64'));
};

export const newKey = (): KeyObject => generateKeyPairSync('ed25519').privateKey;

export const pemOf = (key: KeyObject): string => key.export({ type: 'pkcs8', format: 'pem' }) as string;

/** Undefined for anything but an Ed25519 key in PKCS#8. */
export function keyOf(pem: string): KeyObject | undefined {
  try {
    const key = createPrivateKey(pem);
    return key.asymmetricKeyType === 'ed25519' ? key : undefined;
  } catch {
    return undefined;
  }
}

export function signerOf(key: KeyObject): Signer {
  return {
    publicKey: sshOf(createPublicKey(key)),
    sign: (text) => sign(null, Buffer.from(text), key).toString('base64'),
    open: (sealed) => openSealed(sealed, key),
  };
}

/** libsodium does the work: it is loaded when the first box comes. */
async function openSealed(sealed: string, key: KeyObject): Promise<string> {
  const { default: sodium } = await import('libsodium-wrappers');
  await sodium.ready;
  const pair = sodium.crypto_sign_seed_keypair(rawOf(key, 'd'));
  const secret = sodium.crypto_sign_ed25519_sk_to_curve25519(pair.privateKey);
  const open = sodium.crypto_sign_ed25519_pk_to_curve25519(pair.publicKey);
  try {
    const opened = sodium.crypto_box_seal_open(Buffer.from(sealed, 'base64'), open, secret);
    return new TextDecoder('utf-8', { fatal: true }).decode(opened);
  } catch {
    throw new Failure('HOLDFAST_REGISTRAR_ANSWER', 'the registrar sealed a task id to another key than ours', {
      remedy: 'see whether the registrar has the public key of this fleet (`holdfast show -o json`)',
    });
  } finally {
    sodium.memzero(pair.privateKey);
    sodium.memzero(secret);
  }
}

/** The other side of `open`. */
export async function sealTo(publicKey: string, text: string): Promise<string> {
  const { default: sodium } = await import('libsodium-wrappers');
  await sodium.ready;
  const raw = rawOf(publicKeyOf(publicKey)!, 'x');
  const sealed = sodium.crypto_box_seal(text, sodium.crypto_sign_ed25519_pk_to_curve25519(raw));
  return Buffer.from(sealed).toString('base64');
}
