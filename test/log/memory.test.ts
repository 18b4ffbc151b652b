/** The log in memory keeps the contract of the port. */
import { memoryStorage, openMemoryLog } from '../../src/log/memory.ts';
import { logContract } from '../contract/log.ts';
import { touches } from './material.ts';

logContract('memory', async () => {
  const storage = memoryStorage();
  let syncs = 0;
  let broken = false;
  const gate = {
    beforeSync: () => {
      if (broken) throw new Error('ENOSPC: no space left on device');
      syncs += 1;
    },
  };
  return {
    open: async () => {
      broken = false;
      return openMemoryLog({ storage, touches, gate });
    },
    syncs: () => syncs,
    breakDisk: async () => {
      broken = true;
    },
  };
});
