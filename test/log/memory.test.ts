/** The log in memory keeps the contract of the port. */
import { describe, expect, test } from 'vitest';
import { logContract } from '../../src/contract/log.ts';
import { touches } from '../../src/contract/material.ts';
import { memoryStorage, openMemoryLog } from '../../src/log/memory.ts';

const newWorld = async () => {
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
};

logContract('memory', newWorld, { describe, test, expect });
