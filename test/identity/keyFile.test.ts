/** The key of a fleet in its file: made once, checked whenever it is read, and never shown. */
import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Failure } from '../../src/failure.ts';
import { publicKeyOf, sealTo, signedBy } from '../../src/identity/key.ts';
import { keyFile, keyFileName, oldKeyFileName } from '../../src/identity/keyFile.ts';
import type { KeySeen, Signer } from '../../src/identity/port.ts';

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'holdfast-key-'));
});
afterEach(() => rmSync(dir, { recursive: true }));

const path = () => join(dir, keyFileName);
const signerIn = (seen: KeySeen): Signer => {
  if (seen.is !== 'sound') throw new Error(`the key is ${seen.is}`);
  return seen.signer;
};
const failureOf = (act: () => unknown): Failure => {
  try {
    act();
  } catch (error) {
    if (error instanceof Failure) return error;
    throw error;
  }
  throw new Error('it did not fail');
};

describe('the key file', () => {
  test('[TB1] is made for its owner alone, on the first registration', () => {
    const keys = keyFile(dir);
    expect(keys.look()).toEqual({ is: 'missing' });
    const { publicKey } = keys.create('r1');
    expect(statSync(path()).mode & 0o777).toBe(0o600);
    expect(signerIn(keys.look()).publicKey).toBe(publicKey);
  });

  test('[TB1] is made once for a registration, also in another life, and anew for the next', () => {
    const first = keyFile(dir).create('r1').publicKey;
    expect(keyFile(dir).create('r1').publicKey).toBe(first);
    const old = readFileSync(path(), 'utf8');
    expect(keyFile(dir).create('r2').publicKey).not.toBe(first);
    expect(readFileSync(join(dir, oldKeyFileName), 'utf8')).toBe(old);
    expect(statSync(join(dir, oldKeyFileName)).mode & 0o777).toBe(0o600);
  });

  test.each([
    ['empty', ''],
    ['cut off', '-----BEGIN PRIVATE KEY-----\nMC4CAQAw'],
    ['no key at all', 'not a key'],
    ['a key of another kind', '-----BEGIN EC PRIVATE KEY-----\nAAAA\n-----END EC PRIVATE KEY-----\n'],
  ])('[TB1] that is %s is damaged, and is put aside for a new one', (_how, text) => {
    writeFileSync(path(), text, { mode: 0o600 });
    expect(keyFile(dir).look()).toEqual({ is: 'damaged' });
    keyFile(dir).create('r1');
    expect(keyFile(dir).look().is).toBe('sound');
    expect(readFileSync(join(dir, oldKeyFileName), 'utf8')).toBe(text);
  });

  test('[TB1] that others may read is not used, and the error says what to do', () => {
    keyFile(dir).create('r1');
    chmodSync(path(), 0o644);
    const failure = failureOf(() => keyFile(dir).look());
    expect(failure.code).toBe('HOLDFAST_KEY_EXPOSED');
    expect(failure.remedy).toContain(`chmod 600 ${path()}`);
  });

  test('[TB1] that is a link elsewhere is not followed', () => {
    symlinkSync('/etc/hostname', path());
    expect(failureOf(() => keyFile(dir).look()).code).toBe('HOLDFAST_KEY_UNREADABLE');
  });
});

describe('a signer', () => {
  test('[TB6] signs what its public key verifies, and nothing else', () => {
    const { publicKey, sign } = keyFile(dir).create('r1');
    const other = keyFile(dir).create('r2');
    fc.assert(
      fc.property(fc.string(), fc.string(), (text, another) => {
        expect(signedBy(publicKey, text, sign(text))).toBe(true);
        expect(signedBy(other.publicKey, text, sign(text))).toBe(false);
        if (another !== text) expect(signedBy(publicKey, another, sign(text))).toBe(false);
      }),
      { numRuns: 25 },
    );
  });

  test('[TB3] opens a box that was sealed to it, and no other', async () => {
    const mine = keyFile(dir).create('r1');
    const other = keyFile(dir).create('r2');
    expect(await mine.open(await sealTo(mine.publicKey, 'task-ü-1'))).toBe('task-ü-1');
    for (const sealed of [await sealTo(other.publicKey, 'task-1'), '', 'AAAA', 'not base64 !'])
      await expect(mine.open(sealed)).rejects.toMatchObject({ code: 'HOLDFAST_REGISTRAR_ANSWER' });
  });

  test('[TB7] shows its key to nobody who prints it', () => {
    const signer = keyFile(dir).create('r1');
    const pem = readFileSync(path(), 'utf8').split('\n')[2]!;
    for (const text of [JSON.stringify(signer), String(signer), Object.values(signer).map(String).join()])
      expect(text).not.toContain(pem);
  });

  test('a public key that is none is not taken for one', () => {
    for (const text of ['', 'ssh-ed25519', 'ssh-ed25519 AAAA', 'ssh-rsa AAAAB3NzaC1yc2E='])
      expect(publicKeyOf(text)).toBeUndefined();
  });
});
