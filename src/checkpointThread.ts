/** The thread that `live.ts` starts for a checkpoint: `workerData` is the folder of the log and where checkpoints go. */
import { workerData } from 'node:worker_threads';
import { touches } from './engine/touches.ts';
import { openLevelReader } from './log/levelReader.ts';
import { keepCheckpoint } from './proofs/vault.ts';

const { dir, to } = workerData as { readonly dir: string; readonly to: string };
const log = await openLevelReader(dir, { touches, whileOwned: true });
try {
  await keepCheckpoint(dir, log, to);
} finally {
  await log.close();
}
