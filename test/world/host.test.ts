/** The host of the simulated world keeps the contract of the port. */
import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { type HostWorld, hostContract } from '../../src/contract/host.ts';
import { WorldHosts } from '../../src/simulate/hosts.ts';
import { WorldProcess } from '../../src/simulate/processes.ts';
import { Random } from '../../src/simulate/random.ts';
import { Schedule } from '../../src/simulate/schedule.ts';

const commands = { ends: 'true', sleeps: 'yes', reads: 'cat', missing: 'nothing-there' };
const life = 1;

const newWorld = async (): Promise<HostWorld> => {
  const request = (program: keyof typeof commands, processId: number, tty = false) => {
    const requestId = `turn/call-${processId}`;
    return { requestId, processId, argv: ['sh', '-c', commands[program]], cwd: '/work', env: {}, tty };
  };
  // Of the seeds, one in which what is not there cannot be launched.
  let seed = 1;
  while (WorldProcess.trouble(request('missing', 1000), seed, undefined) === undefined) seed += 1;
  const schedule = new Schedule(0, new Random(seed));
  const nobody = { asked: () => {}, launched: () => {}, typed: () => {}, position: () => 0, judge: () => {} };
  const { connect, launch } = new WorldHosts({ seed, schedule, seenThrough: (visitors) => visitors, ...nobody }).door(
    life,
  );
  const settled = async <T>(promise: Promise<T>): Promise<T> => {
    let over = false;
    const note = () => {
      over = true;
    };
    promise.then(note, note);
    for (await turn(); !over; await turn()) schedule.next()?.run();
    return promise;
  };
  await settled(launch('host-1'));
  return { connect: async () => (await settled(connect()))!, request, settled };
};

hostContract('the world', newWorld, { describe, test, expect });
