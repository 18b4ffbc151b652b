/** `verify` checks every record of a log, `salvage` copies the sound part of a damaged one. Neither changes the log. */

import { join } from 'node:path';
import { type State, stateVersion } from '../../../projections/state.ts';
import { foldLog, stateHash } from '../../engine/fold.ts';
import { touches } from '../../engine/touches.ts';
import { Failure } from '../../failure.ts';
import { openLevelReader } from '../../log/levelReader.ts';
import { salvageLog } from '../../log/salvage.ts';
import { type Verdict, verifyLog } from '../../log/verify.ts';
import { checkpointsIn, vaultOf } from '../../proofs/vault.ts';
import { type Held, Witness } from '../../proofs/witness.ts';
import { oneLine } from '../../words/line.ts';
import { exit } from '../exitCodes.ts';
import { acting, commandLine, examples, type Verb } from '../setting.ts';
import { checkpointFrom } from './proofs.ts';

/**
 * The records on the disk are what is checked, so also that of a running fleet is read from a private copy of its folder
 * and not through its owner: what is durable at this moment.
 */
async function verify(dir: string, held: readonly Held[], quick: boolean): Promise<Verdict> {
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
  const witness = new Witness(held);
  const verdict = await verifyLog(dir, { touches, whileOwned: true, quick, stateHashAt, sees: witness.sees });
  if (!verdict.ok) return verdict;
  const found = witness.contradiction(await fleetIdOf(dir));
  if (found === undefined) return verdict;
  const { firstBad, file, what } = found;
  return { ...verdict, ok: false, firstBad, what: `against the checkpoint ${file}: ${what}` };
}

async function fleetIdOf(dir: string): Promise<string> {
  const log = await openLevelReader(dir, { touches, whileOwned: true });
  await log.close();
  return log.fleetId!;
}

interface Options {
  readonly against?: string[];
  readonly key?: string;
  readonly quick?: boolean;
}

const verifyVerb: Verb = (program) => {
  program
    .command('verify')
    .description(
      'check every record: events, hash chain, head, index, copies, snapshots, blobs, checkpoints; exit 1 if damaged',
    )
    .option('--against <checkpoint...>', 'also against checkpoints that are kept elsewhere')
    .option('--key <verifier-key>', 'the key that must have signed them')
    .option('--quick', 'without the copies of events that are kept by agent')
    .addHelpText(
      'after',
      examples(
        'verify',
        'verify --quick',
        'verify --log runs/monday -o json',
        'verify --against /mnt/safe/000000004096.checkpoint',
      ),
    )
    .action(
      acting(async ({ dir, out }, { against = [], key, quick = false }: Options) => {
        const given = against.map((file) => ({ file, checkpoint: checkpointFrom(file, key) }));
        const held = [...checkpointsIn(vaultOf(dir)), ...given];
        const { ok, events, head, firstBad, what } = await verify(dir, held, quick);
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
        const { events, head, blobs, unproven, firstBad, what } = await salvageLog(dir, to, { touches });
        if (events === 0) {
          throw new Failure('HOLDFAST_LOG_DAMAGED', `nothing of ${dir} is sound: ${what}`, {
            remedy: 'take the log from a backup',
            details: { dir, firstBad, what },
          });
        }
        const salvaged = { to, events, blobs, unproven, head, ...(firstBad !== undefined && { firstBad, what }) };
        await out.show(salvaged, () => [
          `copied ${events} events and ${blobs} blobs to ${to}`,
          firstBad === undefined
            ? 'the log is sound: this is all of it'
            : `left out from ${firstBad} on: ${oneLine(what ?? '')}`,
          ...(unproven === 0
            ? []
            : [`${unproven} events behind it can be read and are not proven: ${join(to, 'unproven.jsonl')}`]),
        ]);
      }),
    );
};

export const recordVerbs: readonly Verb[] = [verifyVerb, salvageVerb];
