/** The real host keeps the contract of the port. */
import { describe, expect, test } from 'vitest';
import { type HostWorld, hostContract } from '../../src/contract/host.ts';
import { bash, newHost, reconnect } from './hosts.ts';

const scripts = { ends: 'echo done', sleeps: 'exec sleep 1000', reads: 'exec cat', missing: '' };

const newWorld = async (): Promise<HostWorld> => {
  const { log } = await newHost();
  return {
    connect: () => reconnect(log),
    request: (program, processId, tty = false) =>
      bash(processId, scripts[program], { tty, ...(program === 'missing' && { cwd: '/no/such/folder' }) }),
    settled: (promise) => promise,
  };
};

hostContract('the process host', newWorld, { describe, test, expect });
