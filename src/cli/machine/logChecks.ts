/** What `doctor` looks at in the folder of a log. */
import { accessSync, constants, existsSync } from 'node:fs';
import { Failure } from '../../failure.ts';
import { hostOfLog } from '../../host/client.ts';
import { folderOf, refuseStrangers } from '../../log/folder.ts';
import { readHead } from '../../log/headFile.ts';
import { ownerOf } from '../../log/owner.ts';
import { OwnerClient } from '../../serve/client.ts';
import { type Check, note, ok, wrong } from './finding.ts';
import { identity } from './identityCheck.ts';

const log: Check = (dir) => {
  try {
    refuseStrangers(dir);
    if (!existsSync(dir)) return ok('log', `${dir} does not exist yet`);
    accessSync(dir, constants.W_OK | constants.X_OK);
    const head = readHead(folderOf(dir).head);
    if (head === 'none') return ok('log', `${dir} holds no fleet yet`);
    if (head === 'bad')
      return wrong('log', `${dir}: HEAD is bad in both slots`, '`holdfast verify` says what is sound');
    return ok('log', `${dir}: ${head.position} events of fleet ${head.fleetId}, life ${head.epoch}`);
  } catch (error) {
    if (error instanceof Failure) return wrong('log', error.message, error.remedy ?? '');
    return wrong('log', `${dir} cannot be written`, 'make it writable for this user; reading works without');
  }
};

const owner: Check = async (dir) => {
  const owns = existsSync(dir) ? ownerOf(dir) : undefined;
  if (owns === undefined) return ok('owner', 'nobody runs this fleet');
  const named = `process ${owns.pid}`;
  if (owns.socket === undefined)
    return note('owner', `${named}, without a control socket`, 'ask the program that opened it');
  try {
    await new OwnerClient(dir, owns).ask('head');
    return ok('owner', `${named} answers at ${owns.socket}`);
  } catch (error) {
    return wrong(
      'owner',
      (error as Error).message,
      (error instanceof Failure && error.remedy) || `end it: \`kill ${owns.pid}\``,
    );
  }
};

const host: Check = (dir) => {
  const lives = hostOfLog(dir);
  return ok('process host', lives === undefined ? 'none is running' : `process ${lives.pid} at ${lives.socket}`);
};

export const logChecks: readonly Check[] = [log, owner, host, identity];
