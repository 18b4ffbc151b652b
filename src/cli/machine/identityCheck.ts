/** What `doctor` says about the identity of a fleet: whether its key is there, sound, its owner's alone and the one that the log names. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { foldLog } from '../../engine/fold.ts';
import { Failure } from '../../failure.ts';
import { keyFile, keyFileName } from '../../identity/keyFile.ts';
import { folderOf } from '../../log/folder.ts';
import { reading } from '../opened.ts';
import { type Check, ok, wrong } from './finding.ts';

const what = 'identity';

export const identity: Check = async (dir) => {
  if (!existsSync(folderOf(dir).head)) return ok(what, 'no fleet is registered here');
  try {
    const { fleet, identities } = await reading(dir, foldLog);
    if (fleet.file?.identity === undefined) return ok(what, 'the agents of this fleet are registered nowhere');
    const { current } = identities;
    const key = keyFile(dir).look();
    const named = join(dir, keyFileName);
    if (current === undefined) return ok(what, 'not registered yet, or not any more: the next turn does it');
    const registered = `${current.runtimeId} of account ${current.accountId}`;
    const anew = 'put the file back; otherwise the next turn registers the fleet anew, unless it is strict';
    if (key.is !== 'sound') return wrong(what, `${registered}, and its key ${named} is ${key.is}`, anew);
    return key.signer.publicKey === current.publicKey
      ? ok(what, `${registered}, and its key is there`)
      : wrong(what, `${registered}, and ${named} is another key`, anew);
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    return wrong(what, error.message, error.remedy ?? '');
  }
};
