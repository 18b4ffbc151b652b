import { expect, test } from 'vitest';
import type { HoldfastEvent } from '../../events/catalogue.ts';
import type { HostDoor, Remains } from '../../src/engine/hostGate.ts';
import { Life, type World } from '../../src/engine/life.ts';
import { touches } from '../../src/engine/touches.ts';
import type { Exit, Host, StartRequest } from '../../src/host/port.ts';
import { newId, systemClock } from '../../src/live.ts';
import { memoryStorage, openMemoryLog } from '../../src/log/memory.ts';
import { scriptModel } from '../../src/models/script.ts';

const scripts = {
  '/root': [[{ call: 'exec_command', id: 'work', args: { cmd: 'work' } }], [{ say: 'done' }]],
};
const file = { models: { script: { kind: 'script' as const } }, roots: [{ prompt: 'work' }], scripts };

const exit: Exit = { code: 0, signal: null, outputBytes: 0, outputHash: '', at: 0 };

/** A host on paper whose commands have ended as soon as they have started. */
function host(hostId: string, starts: StartRequest[]): Host {
  return {
    hostId,
    start: async (request) => {
      starts.push(request);
      const { processId, requestId } = request;
      return { processId, requestId, pid: 1, group: 1, startTime: 1, bootId: 'boot' };
    },
    write: async () => 'unknown',
    resize: async () => {},
    signal: async () => false,
    stop: async () => exit,
    wait: async () => ({ size: 0, exit }),
    read: async () => undefined,
    list: async () => [],
    find: async () => undefined,
    acknowledge: async () => {},
    onExit: () => () => {},
    onTyped: () => () => {},
    onLost: () => () => {},
    endIfEmpty: async () => true,
    disconnect: () => {},
  };
}

/** One life that dies when its first host is about to be launched, then another one with what the disk shows. */
async function twoLives(second: { readonly remains: Remains; readonly bootId: string }) {
  const storage = memoryStorage();
  const starts: StartRequest[] = [];
  const world = (bootId: string, door: Partial<HostDoor>): World => ({
    log: openMemoryLog({ touches, storage }),
    clock: systemClock,
    newId,
    models: () => () => scriptModel(scripts, systemClock),
    hosts: {
      connect: async () => undefined,
      launch: async (hostId) => host(hostId, starts),
      readSpool: () => undefined,
      remains: () => second.remains,
      endOrphan: async () => ({ wasAlive: false }),
      ...door,
    },
    environment: () => ({}),
    machine: { bootId, pid: 1, version: '0' },
  });
  let asked = () => {};
  const launching = new Promise<void>((resolve) => {
    asked = resolve;
  });
  const dying = world('boot', {
    launch: () => {
      asked();
      return new Promise(() => {});
    },
  });
  await Life.begin(dying, { fleetId: newId(), cwd: '/', file });
  await launching;

  const life = await Life.begin(world(second.bootId, {}));
  await life.engine.whenIdle();
  const process = life.state.processes.all[1000]!;
  const events: HoldfastEvent[] = [];
  const after = openMemoryLog({ touches, storage });
  for await (const page of after.read()) events.push(...(page as readonly HoldfastEvent[]));
  const outcome = events.flatMap((event) => (event.type === 'ToolCallEnded' ? [event.data.outcome] : []));
  return { starts, process, outcome };
}

test('[TU6] a command whose host was never launched is carried out by the next host under that name', async () => {
  const { starts, process, outcome } = await twoLives({ remains: { unasked: true }, bootId: 'boot' });
  expect(starts.map(({ requestId }) => requestId)).toEqual([process.requestId]);
  expect(process.end?.how).toBe('exited');
  expect(outcome).toEqual(['ok']);
});

test('[TU6] a command of which a host may have known is indeterminate when that host is gone', async () => {
  const { starts, process, outcome } = await twoLives({ remains: {}, bootId: 'boot' });
  expect(starts).toEqual([]);
  expect(process.end?.how).toBe('lost');
  expect(outcome).toEqual(['indeterminate']);
});

test('[TU6] after a restart of the machine a missing record proves nothing, and the command is indeterminate', async () => {
  const { starts, outcome } = await twoLives({ remains: { unasked: true }, bootId: 'another boot' });
  expect(starts).toEqual([]);
  expect(outcome).toEqual(['indeterminate']);
});
