/**
 * A signed note as transparency logs write them (C2SP signed-note): text, an empty line, and signature lines that end in
 * base64 of key id ‖ Ed25519 signature. Tools of other makers check it as well.
 */
import { createHash, createPublicKey, type KeyObject, sign, verify } from 'node:crypto';
import { Failure } from '../failure.ts';

/** The algorithm byte of Ed25519 in key ids and verifier keys. */
const ed25519 = Buffer.from([1]);
const keyIdBytes = 4;
const publicBytes = 32;
/** What stands before the 32 bytes of an Ed25519 public key in DER (RFC 8410). */
const spkiPrefix = Buffer.from('302a300506032b6570032100', 'hex');

export const rawOf = (key: KeyObject): Buffer =>
  createPublicKey(key).export({ type: 'spki', format: 'der' }).subarray(-publicBytes);

const keyIdOf = (name: string, raw: Buffer): Buffer =>
  createHash('sha256').update(`${name}\n`).update(ed25519).update(raw).digest().subarray(0, keyIdBytes);

/** `name+keyid+base64`: what a verifier is given once, by a way that it trusts. */
export const verifierKey = (name: string, raw: Buffer): string =>
  `${name}+${keyIdOf(name, raw).toString('hex')}+${Buffer.concat([ed25519, raw]).toString('base64')}`;

/** `text` ends with a newline. `key` is the private one. */
export function signNote(text: string, name: string, key: KeyObject): string {
  const signed = Buffer.concat([keyIdOf(name, rawOf(key)), sign(null, Buffer.from(text), key)]);
  return `${text}\n\u2014 ${name} ${signed.toString('base64')}\n`;
}

/** The text of a note whose signature by this public key (32 bytes) is right; throws HOLDFAST_BAD_CHECKPOINT. */
export function openNote(note: string, name: string, raw: Buffer): string {
  const end = note.lastIndexOf('\n\n');
  const text = note.slice(0, end + 1);
  const wanted = keyIdOf(name, raw);
  for (const line of note.slice(end + 2).split('\n')) {
    const [dash, who, base64] = line.split(' ');
    const signed = Buffer.from(base64 ?? '', 'base64');
    if (dash !== '\u2014' || who !== name || !signed.subarray(0, keyIdBytes).equals(wanted)) continue;
    const key = createPublicKey({ key: Buffer.concat([spkiPrefix, raw]), type: 'spki', format: 'der' });
    if (verify(null, Buffer.from(text), key, signed.subarray(keyIdBytes))) return text;
  }
  throw new Failure('HOLDFAST_BAD_CHECKPOINT', `no signature of ${name} by this key is right`, {
    remedy: 'the checkpoint was changed, or another key has signed it: take it again from where it is kept',
  });
}
