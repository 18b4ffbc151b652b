/**
 * The contract of the process host port: call it with a world that reaches the host of an adapter, inside a test file of
 * the adapter, with the runner of that file. It proves what the engine rests on: one answer per request id, one end per start, output by offset.
 */
import type { Exit, Host, StartRequest } from '../host/port.ts';
import type { Runner } from './runner.ts';

/** Programs that every host can run: one that ends at once, one that does not for seconds, one that takes what is typed, one that is not there. */
export type Program = 'ends' | 'sleeps' | 'reads' | 'missing';

export interface HostWorld {
  /** A connection to the one host of this world. */
  connect(): Promise<Host>;
  /** `processId` is 1000 or more; `reads` is for terminals. */
  request(program: Program, processId: number, tty?: boolean): StartRequest;
  /** Time passes until it is settled. */
  settled<T>(promise: Promise<T>): Promise<T>;
}

const graceMs = 2_000;
const longMs = 60_000;

export function hostContract(
  name: string,
  newWorld: () => Promise<HostWorld>,
  { describe, test, expect }: Runner,
): void {
  describe(`the host contract of ${name}`, () => {
    const opened = async () => {
      const world = await newWorld();
      const host = await world.connect();
      const { settled } = world;
      const start = async (program: Program, processId: number, tty = false) => {
        const answer = await settled(host.start(world.request(program, processId, tty)));
        if ('error' in answer) throw new Error(answer.error);
        return answer;
      };
      const ended = async (processId: number): Promise<Exit> =>
        (await settled(host.wait(processId, longMs)))!.exit ?? Promise.reject(new Error(`${processId} has not ended`));
      return { world, host, settled, start, ended };
    };

    test('[TU6] a request id starts one process and has one answer; a process id is used once', async () => {
      const { world, host, settled, start, ended } = await opened();
      const request = world.request('ends', 1000);
      const first = await start('ends', 1000);
      expect(first).toMatchObject({ processId: 1000, requestId: request.requestId, group: first.pid });
      expect(await settled(host.start(request))).toEqual(first);
      await ended(1000);
      expect(await settled(host.start(request))).toEqual(first);
      const other = { ...world.request('ends', 1000), requestId: 'another' };
      expect(await settled(host.start(other))).toHaveProperty('error');
      await settled(host.acknowledge(1000));
      expect(await settled(host.start(request))).toEqual(first);
    });

    test('[PR3] what cannot be launched says why, as often as it is asked', async () => {
      const { world, host, settled } = await opened();
      const request = world.request('missing', 1000);
      const answer = await settled(host.start(request));
      expect(answer).toMatchObject({ processId: 1000, error: expect.stringMatching(/./) });
      expect(await settled(host.start(request))).toEqual(answer);
      expect(await settled(host.wait(1000, longMs))).toBeUndefined();
      expect(await settled(host.list())).toMatchObject([{ processId: 1000, launchFailed: expect.any(String) }]);
      await settled(host.acknowledge(1000));
      expect(await settled(host.list())).toEqual([]);
    });

    test('[PR6] an end is told once to everybody, and kept until it is acknowledged; it can be read for ever', async () => {
      const { world, host, settled, start, ended } = await opened();
      const told: [number, number, Exit][] = [];
      const other = await settled(world.connect());
      host.onExit((processId, exit) => told.push([1, processId, exit]));
      const off = other.onExit((processId, exit) => told.push([2, processId, exit]));
      other.onExit(() => told.push([3, 0, {} as Exit]));
      off();
      await start('ends', 1000);
      const exit = await ended(1000);
      expect(exit).toMatchObject({ code: 0, signal: null });
      // An answer that was asked for later comes later than what was to be told before.
      await settled(other.list());
      expect(told.filter(([who]) => who === 1)).toEqual([[1, 1000, exit]]);
      expect(told.filter(([who]) => who !== 1)).toEqual([[3, 0, {}]]);
      expect(await settled(other.list())).toMatchObject([{ processId: 1000, exit, size: exit.outputBytes }]);
      await settled(host.acknowledge(1000));
      expect(await settled(other.list())).toEqual([]);
      expect(await settled(other.wait(1000, longMs))).toEqual({ size: exit.outputBytes, exit });
      expect(await settled(other.read(1000, 0, 1))).toMatchObject({ size: exit.outputBytes, exit });
    });

    test('[PR1] a live process is not forgotten by an acknowledgement, and keeps its host from ending', async () => {
      const { host, settled, start } = await opened();
      await start('sleeps', 1000);
      await settled(host.acknowledge(1000));
      expect(await settled(host.list())).toHaveLength(1);
      expect(await settled(host.endIfEmpty())).toBe(false);
      await settled(host.stop('s', 1000, graceMs));
      expect(await settled(host.endIfEmpty())).toBe(true);
    });

    test('[PR7] a stop ends it with a signal, and again gives the same end', async () => {
      const { host, settled, start } = await opened();
      await start('sleeps', 1000);
      const exit = await settled(host.stop('s1', 1000, graceMs));
      expect(exit).toMatchObject({ code: null, signal: expect.stringMatching(/^SIG(TERM|KILL)$/) });
      expect(await settled(host.stop('s2', 1000, graceMs))).toEqual(exit);
      expect((await settled(host.wait(1000, longMs)))?.exit).toEqual(exit);
    });

    test('[PR3] a stop that comes before its start keeps it from starting (P-11, P-20)', async () => {
      const { world, host, settled } = await opened();
      expect(await settled(host.stop('s', 1000, graceMs))).toBeUndefined();
      const answer = await settled(host.start(world.request('sleeps', 1000)));
      expect(answer).toMatchObject({ error: 'a stop of this process came before its start' });
    });

    test('[PR2] output is read from any offset, and reading takes nothing away', async () => {
      const { host, settled, start, ended } = await opened();
      await start('reads', 1000, true);
      await settled(host.write('w', 1000, Buffer.from('one line\n')));
      await settled(host.stop('s', 1000, graceMs));
      const { outputBytes } = await ended(1000);
      expect(outputBytes).toBeGreaterThanOrEqual('one line\n'.length);
      const whole = Buffer.from((await settled(host.read(1000, 0, 10_000)))!.bytes);
      expect(whole).toHaveLength(outputBytes);
      for (const step of [1, 3, outputBytes]) {
        const parts: Uint8Array[] = [];
        for (let from = 0; from < outputBytes; ) {
          const part = (await settled(host.read(1000, from, step)))!;
          expect(part).toMatchObject({ from, omitted: 0, size: outputBytes });
          expect(part.bytes.length).toBeLessThanOrEqual(step);
          expect(part.to).toBe(from + part.bytes.length);
          parts.push(part.bytes);
          from = part.to;
        }
        expect(Buffer.concat(parts)).toEqual(whole);
      }
      expect((await settled(host.read(1000, outputBytes, 10)))!.bytes).toHaveLength(0);
      expect(await settled(host.read(1999, 0, 10))).toBeUndefined();
    });

    test('[TU6] a write goes to a terminal once per request id; pipes are closed', async () => {
      const { host, settled, start } = await opened();
      await start('reads', 1000, true);
      await start('sleeps', 1001);
      const line = Buffer.from('y\n');
      const size = async () => (await settled(host.wait(1000, 0)))!.size;
      const before = await size();
      expect(await settled(host.write('w1', 1000, line))).toBe('written');
      await settled(host.wait(1000, longMs, undefined, before));
      const once = await settled(host.write('w1', 1000, line));
      expect(once).toBe('written');
      expect(await settled(host.write('w2', 1001, line))).toBe('closed');
      expect(await settled(host.write('w3', 1002, line))).toBe('unknown');
      await settled(host.stop('s', 1000, graceMs));
      expect(await settled(host.write('w4', 1000, line))).toBe('ended');
      expect(await settled(host.write('w1', 1000, line))).toBe('written');
    });

    test('[PR2] a wait ends with the process, after its time, with more output, or when it is cancelled', async () => {
      const { host, settled, start } = await opened();
      await start('reads', 1000, true);
      const { size } = (await settled(host.wait(1000, 1)))!;
      const more = host.wait(1000, longMs, undefined, size);
      await settled(host.write('w', 1000, Buffer.from('more\n')));
      expect((await settled(more))!.size).toBeGreaterThan(size);
      const cancel = new AbortController();
      const cancelled = host.wait(1000, longMs, cancel.signal).catch((error) => error);
      cancel.abort(new Error('the turn was interrupted'));
      expect(await settled(cancelled)).toMatchObject({ message: 'the turn was interrupted' });
      const end = host.wait(1000, longMs);
      await settled(host.stop('s', 1000, graceMs));
      expect((await settled(end))?.exit).toMatchObject({ code: null });
      expect(await settled(host.wait(1999, longMs))).toBeUndefined();
    });

    test('[TU6] a process is found by its request id until it is acknowledged', async () => {
      const { world, host, settled, start, ended } = await opened();
      const { requestId } = world.request('ends', 1000);
      expect(await settled(host.find(requestId))).toBeUndefined();
      const started = await start('ends', 1000);
      await ended(1000);
      expect(await settled(host.find(requestId))).toMatchObject({ processId: 1000, started, exit: { code: 0 } });
      await settled(host.acknowledge(1000));
      expect(await settled(host.find(requestId))).toBeUndefined();
    });

    test('[PR7] a signal reaches what lives, and nobody else', async () => {
      const { host, settled, start, ended } = await opened();
      await start('sleeps', 1000);
      expect(await settled(host.signal('s1', 1000, 'SIGTERM'))).toBe(true);
      expect(await ended(1000)).toMatchObject({ code: null, signal: 'SIGTERM' });
      expect(await settled(host.signal('s1', 1000, 'SIGTERM'))).toBe(true);
      expect(await settled(host.signal('s2', 1000, 'SIGTERM'))).toBe(false);
      expect(await settled(host.signal('s3', 1999, 'SIGTERM'))).toBe(false);
    });

    test('[PR8] whoever comes later meets the same processes, and a host that ends is lost for all', async () => {
      const { world, host, settled, start, ended } = await opened();
      const started = await start('ends', 1000);
      const exit = await ended(1000);
      host.disconnect();
      const [next, third] = [await settled(world.connect()), await settled(world.connect())];
      expect(next.hostId).toBe(host.hostId);
      expect(await settled(next.list())).toMatchObject([{ processId: 1000, started, exit }]);
      const lost = new Promise<void>((resolve) => third.onLost(resolve));
      expect(await settled(next.endIfEmpty())).toBe(true);
      await settled(lost);
      const late = settled(third.list());
      await expect(late).rejects.toMatchObject({ code: 'HOLDFAST_HOST_LOST', retryable: true });
    });
  });
}
