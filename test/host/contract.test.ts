/** The real host keeps the contract of the port. */
import { hostContract } from '../contract/host.ts';
import { bash, newHost, reconnect } from './hosts.ts';

const scripts = { ends: 'echo done', sleeps: 'exec sleep 1000', reads: 'exec cat', missing: '' };

hostContract('the process host', async () => {
  const { log } = await newHost();
  return {
    connect: () => reconnect(log),
    request: (program, processId, tty = false) =>
      bash(processId, scripts[program], { tty, ...(program === 'missing' && { cwd: '/no/such/folder' }) }),
    settled: (promise) => promise,
  };
});
