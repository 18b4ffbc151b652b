/** `checkpoint` signs what a log is now, `prove` proves one event of it, or that it continues what was signed earlier. */
import { readFileSync } from 'node:fs';
import { Failure } from '../../failure.ts';
import type { LogReader } from '../../log/port.ts';
import { type Checkpoint, readCheckpoint, signCheckpoint } from '../../proofs/checkpoint.ts';
import { checkProof, type Proof, proveConsistency, proveInclusion } from '../../proofs/proof.ts';
import { signingKey } from '../../proofs/signingKey.ts';
import type { Tree } from '../../proofs/tree.ts';
import { checkpointsIn, keepCheckpoint, treeOf, vaultOf } from '../../proofs/vault.ts';
import { columns } from '../../words/line.ts';
import { reading, within } from '../opened.ts';
import { acting, examples, type Setting, type Verb, whole } from '../setting.ts';

export function checkpointFrom(file: string, trusted?: string): Checkpoint {
  let note: string;
  try {
    note = readFileSync(file, 'utf8');
  } catch (error) {
    throw new Failure('HOLDFAST_USAGE', `the checkpoint ${file} cannot be read`, {
      remedy: 'name a file that `holdfast checkpoint` or a stop in order has written',
      cause: error,
    });
  }
  try {
    return readCheckpoint(note, trusted);
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    const { code, message, remedy, details } = error;
    throw new Failure(code, `${file}: ${message}`, { remedy, details: { file, ...details }, cause: error });
  }
}

/** The newest kept checkpoint that covers a position and this log; where there is none, the log is signed now. */
async function covering(dir: string, log: LogReader, tree: Tree, position: number): Promise<Checkpoint> {
  const kept = checkpointsIn(vaultOf(dir)).findLast(
    ({ checkpoint: { size, fleetId } }) => size >= position && size <= log.synced().position && fleetId === log.fleetId,
  );
  return kept?.checkpoint ?? signCheckpoint(log, tree, signingKey(dir));
}

const shown = ({ size, root, epoch, at, chain, verifierKey }: Checkpoint) => ({
  size,
  root: Buffer.from(root, 'latin1').toString('hex'),
  epoch,
  at,
  chain,
  verifierKey,
});

const sign = ({ dir, out }: Setting, { to }: { readonly to?: string }): Promise<void> =>
  reading(dir, async (log) => {
    const { file, checkpoint } = await keepCheckpoint(dir, log, to);
    await out.show({ file, ...shown(checkpoint), note: checkpoint.note }, () =>
      columns([
        ['signed', `${checkpoint.size} events`],
        ['in', file],
        ['key', checkpoint.verifierKey],
      ]),
    );
  });

interface ProveOptions {
  readonly checkpoint?: string;
  readonly since?: string;
}

const prove = ({ dir, out }: Setting, position: number | undefined, given: ProveOptions): Promise<void> =>
  reading(dir, async (log) => {
    const tree = await treeOf(dir, log);
    if ((position === undefined) === (given.since === undefined)) {
      throw new Failure('HOLDFAST_USAGE', 'give a position, or --since with an older checkpoint', {
        remedy: '`holdfast prove --help` shows how',
      });
    }
    const older = given.since === undefined ? undefined : checkpointFrom(given.since);
    const wanted = older === undefined ? within(log, position) : within(log, older.size);
    const newer =
      given.checkpoint === undefined ? await covering(dir, log, tree, wanted) : checkpointFrom(given.checkpoint);
    if (newer.size < wanted) {
      throw new Failure('HOLDFAST_USAGE', `the checkpoint covers ${newer.size} events, not position ${wanted}`, {
        remedy: 'sign a newer one with `holdfast checkpoint`',
      });
    }
    within(log, newer.size);
    const proof: Proof =
      older === undefined ? await proveInclusion(log, tree, wanted, newer) : await proveConsistency(tree, older, newer);
    await out.show(proof, () => [
      older === undefined
        ? `event ${wanted} is in the ${newer.size} events that were signed`
        : `the ${newer.size} events that were signed begin with the ${older.size} that were signed before`,
      ...columns([
        ['path', `${proof.path.length} hashes`],
        ['key', newer.verifierKey],
      ]),
      'the proof itself: with -o json',
    ]);
  });

const checkpointVerb: Verb = (program) => {
  program
    .command('checkpoint')
    .description('sign what the log is now, for `verify --against`; a stop in order does so by itself')
    .option('--to <folder>', 'where to keep it (default: checkpoints in the folder of the log)')
    .addHelpText('after', examples('checkpoint', 'checkpoint --to /mnt/safe -o json'))
    .action(acting(sign));
};

const proveVerb: Verb = (program) => {
  program
    .command('prove')
    .description('prove that an event is in the log, or that the log continues what was signed earlier')
    .argument('[position]', 'of the event', whole(1))
    .option('--since <checkpoint>', 'an older checkpoint: prove that nothing before it has changed')
    .option('--checkpoint <file>', 'the signed checkpoint to prove against (default: the newest kept, else a new one)')
    .addHelpText('after', examples('prove 120 -o json > proof.json', 'prove --since /mnt/safe/000000004096.checkpoint'))
    .action(acting(prove));
};

const checkProofVerb: Verb = (program) => {
  program
    .command('check-proof')
    .description('check a proof that `prove -o json` has written; it needs no log')
    .argument('<file>', 'the proof')
    .option('--key <verifier-key>', 'the key that must have signed it')
    .addHelpText(
      'after',
      examples('check-proof proof.json', "check-proof proof.json --key 'holdfast/0192…+1a2b3c4d+AX…'"),
    )
    .action(
      acting(async ({ out }, file: string, { key }: { key?: string }) => {
        let proof: Proof;
        try {
          proof = JSON.parse(readFileSync(file, 'utf8')) as Proof;
        } catch (error) {
          throw new Failure('HOLDFAST_USAGE', `the proof ${file} cannot be read`, {
            remedy: 'give a file that `holdfast prove -o json` has written',
            cause: error,
          });
        }
        const checkpoint = checkProof(proof, key);
        await out.show({ ok: true, ...shown(checkpoint) }, () => [
          proof.format === 'holdfast-inclusion/1'
            ? `the event ${proof.position} is in the ${checkpoint.size} events that were signed`
            : `the ${checkpoint.size} events that were signed begin with those that were signed before`,
          ...columns([['key', checkpoint.verifierKey]]),
        ]);
      }),
    );
};

export const proofVerbs: readonly Verb[] = [checkpointVerb, proveVerb, checkProofVerb];
