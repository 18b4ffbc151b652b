/** The thread that `live.ts` starts for a snapshot: `workerData` is the folder of the log. */
import { workerData } from 'node:worker_threads';
import { stateVersion } from '../projections/state.ts';
import { foldLog, stateHash } from './engine/fold.ts';
import { touches } from './engine/touches.ts';
import { snapshotAside } from './log/snapshotAside.ts';

await snapshotAside(workerData as string, touches, async (log) => {
  const state = await foldLog(log);
  return { stateVersion, position: state.position, stateHash: stateHash(state), state };
});
