/** What `doctor` looks at on this machine. */
import { closeSync, existsSync, fdatasyncSync, openSync, readFileSync, rmSync, statfsSync, writeSync } from 'node:fs';
import { availableParallelism, freemem, totalmem } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { version } from '../../version.ts';
import { type Check, note, ok, wrong } from './finding.ts';

/** The oldest Node that package.json allows. */
const nodeOldest = [20, 19] as const;
const freeBytesMin = 256 * 2 ** 20;
/** Each live process of a fleet takes a few descriptors of its host. */
const openFilesMin = 1024;
/** One synced record each; enough for a median. */
const syncs = 64;
const syncBytes = 512;
/** A durable command waits for one sync: slower than this is felt. */
const slowSyncMs = 20;
/** f_type of file systems that forget everything when the machine goes down. */
const inMemory: Readonly<Record<number, string>> = { 16914836: 'tmpfs', 2240043254: 'ramfs' };

const gib = (bytes: number): string => `${(bytes / 2 ** 30).toFixed(1)} GiB`;

/** The folder itself, or the nearest one above it that is there. */
function nearest(dir: string): string {
  let folder = resolve(dir);
  while (!existsSync(folder) && dirname(folder) !== folder) folder = dirname(folder);
  return folder;
}

const node: Check = () => {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  const found = `${process.version}, holdfast ${version}`;
  const [oldestMajor, oldestMinor] = nodeOldest;
  return major > oldestMajor || (major === oldestMajor && minor >= oldestMinor)
    ? ok('node', found)
    : wrong('node', found, `install Node ${nodeOldest.join('.')} or later`);
};

const platform: Check = () => {
  const found = `${process.platform} ${process.arch}, ${availableParallelism()} cores, ${gib(freemem())} of ${gib(totalmem())} free`;
  return process.platform === 'linux'
    ? ok('machine', found)
    : note('machine', found, 'without /proc a process is known by its pid alone');
};

const terminals: Check = async () => {
  try {
    await import('node-pty');
    return ok('terminals', 'node-pty loads');
  } catch (error) {
    const why = error instanceof Error ? error.message.split('\n')[0] : String(error);
    return wrong('terminals', `node-pty does not load: ${why}`, 'install again on this machine (`npm ci`)');
  }
};

const openFiles: Check = () => {
  let limit: number;
  try {
    limit = Number(
      /^Max open files +(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8'))?.[1] ?? Number.POSITIVE_INFINITY,
    );
  } catch {
    return note('open files', 'the limit cannot be read here', 'see `ulimit -n`');
  }
  return limit >= openFilesMin
    ? ok('open files', `${limit} per process`)
    : wrong('open files', `${limit} per process`, `raise it: \`ulimit -n ${openFilesMin}\``);
};

const disk: Check = (dir) => {
  const { bavail, bsize, type } = statfsSync(nearest(dir));
  const free = bavail * bsize;
  if (free < freeBytesMin) return wrong('disk', `${gib(free)} free`, 'free space: a full disk stops the engine');
  const memory = inMemory[type];
  return memory === undefined
    ? ok('disk', `${gib(free)} free`)
    : note('disk', `${gib(free)} free on ${memory}`, 'this file system is gone after a restart of the machine');
};

const sync: Check = (dir) => {
  const folder = nearest(dir);
  const path = join(folder, `.holdfast-doctor-${process.pid}`);
  const times: number[] = [];
  try {
    const fd = openSync(path, 'wx', 0o600);
    try {
      for (let i = 0; i < syncs; i++) {
        const start = performance.now();
        writeSync(fd, Buffer.alloc(syncBytes, i));
        fdatasyncSync(fd);
        times.push(performance.now() - start);
      }
    } finally {
      closeSync(fd);
      rmSync(path, { force: true });
    }
  } catch (error) {
    return wrong(
      'sync',
      `nothing can be written in ${folder} (${(error as NodeJS.ErrnoException).code})`,
      'make it writable for this user',
    );
  }
  times.sort((a, b) => a - b);
  const at = (share: number): number => times[Math.min(times.length - 1, Math.floor(times.length * share))]!;
  const found = `a synced write takes ${at(0.5).toFixed(2)} ms, the slowest tenth ${at(0.9).toFixed(2)} ms or more`;
  return at(0.5) < slowSyncMs ? ok('sync', found) : note('sync', found, 'put the log on a faster disk');
};

export const machineChecks: readonly Check[] = [node, platform, terminals, openFiles, disk, sync];
