/** `verify` checks every record of a log, `salvage` copies the sound part of a damaged one. Neither changes the log. */
import { type State, stateVersion } from '../../projections/state.ts';
import { foldLog, stateHash } from '../engine/fold.ts';
import { Failure } from '../failure.ts';
import { touches } from '../live.ts';
import { openLevelReader } from '../log/levelReader.ts';
import { salvageLog } from '../log/salvage.ts';
import { type Verdict, verifyLog } from '../log/verify.ts';
import { exit } from './exitCodes.ts';
import { oneLine } from './line.ts';
import { acting, commandLine, examples, type Verb } from './setting.ts';

/**
 * The records on the disk are what is checked, so also that of a running fleet is read from a private copy of its folder
 * and not through its owner: what is durable at this moment.
 */
async function verify(dir: string): Promise<Verdict> {
  const stateHashAt = async (position: number, version: number): Promise<string | undefined> => {
    if (version !== stateVersion) return undefined;
    const log = await openLevelReader(dir, { touches, whileOwned: true });
    try {
      const state: State = await foldLog(log, { to: position, snapshots: false });
      return stateHash(state);
    } finally {
      await log.close();
    }
  };
  return verifyLog(dir, { touches, whileOwned: true, stateHashAt });
}

const verifyVerb: Verb = (program) => {
  program
    .command('verify')
    .description('check every record: events, hash chain, head, index, snapshots, blobs; exit 1 if damaged')
    .addHelpText('after', examples('verify', 'verify --log runs/monday -o json'))
    .action(
      acting(async ({ dir, out }) => {
        const { ok, events, head, firstBad, what } = await verify(dir);
        const verdict = { ok, events, head, ...(firstBad !== undefined && { firstBad, what }) };
        await out.show(verdict, () =>
          ok
            ? [`sound: ${events} events, head ${head.hash}`]
            : [
                `damaged at position ${firstBad}: ${oneLine(what ?? '')}`,
                `sound before it: ${events} events, head ${head.hash}`,
                `copy them with: ${commandLine(dir, 'salvage', 'TO')}`,
              ],
        );
        return ok ? exit.done : exit.refused;
      }),
    );
};

const salvageVerb: Verb = (program) => {
  program
    .command('salvage')
    .description('copy the sound part of a damaged log, in whole batches, to a new folder')
    .argument('<to>', 'folder that does not exist yet')
    .addHelpText('after', examples('salvage .holdfast-sound', 'salvage /tmp/sound --log runs/monday'))
    .action(
      acting(async ({ dir, out }, to: string) => {
        const { events, head, blobs, firstBad, what } = await salvageLog(dir, to, { touches });
        if (events === 0) {
          throw new Failure('HOLDFAST_LOG_DAMAGED', `nothing of ${dir} is sound: ${what}`, {
            remedy: 'take the log from a backup',
            details: { dir, firstBad, what },
          });
        }
        const salvaged = { to, events, blobs, head, ...(firstBad !== undefined && { firstBad, what }) };
        await out.show(salvaged, () => [
          `copied ${events} events and ${blobs} blobs to ${to}`,
          firstBad === undefined
            ? 'the log is sound: this is all of it'
            : `left out from ${firstBad} on: ${oneLine(what ?? '')}`,
        ]);
      }),
    );
};

export const recordVerbs: readonly Verb[] = [verifyVerb, salvageVerb];
