/**
 * The process host of one log: `node main.js <log folder> <host id>`, its token in HOLDFAST_HOST_TOKEN. It leads its own
 * session, outlives the engine, and ends by itself when it has no child and nobody has been connected for a while.
 */
import { chmodSync, rmSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { Failure } from '../failure.ts';
import { Children } from './children.ts';
import { closeInherited } from './descriptors.ts';
import { leavePlace, type Place, placeOf, socketPath, tellPlace } from './place.ts';
import { bootId, statOf } from './procfs.ts';
import { makeSpool } from './records.ts';
import { requestTable } from './requests.ts';
import { Door, type Serve } from './server.ts';
import { spoolFolder } from './spoolReader.ts';
import { Visitors } from './visitors.ts';

/** Waits for an engine to come (back) to a host without children. */
const LINGER_MS = Number(process.env.HOLDFAST_HOST_LINGER_MS ?? 60_000);
/** Output kept per process. */
const SPOOL_BYTES_MAX = Number(process.env.HOLDFAST_SPOOL_BYTES_MAX ?? 1024 ** 3);
/** Waits for children to end on TERM when the host itself is told to end. */
const GRACE_MS = 2_000;
/** Waits for connections to read what they were sent; one that never reads must not keep the host. */
const FLUSH_MS = 1_000;

closeInherited();
const [logDir, hostId] = process.argv.slice(2);
const token = process.env.HOLDFAST_HOST_TOKEN;
if (!logDir || !hostId || !token) throw new Error('usage: HOLDFAST_HOST_TOKEN=... main.js <log folder> <host id>');
const other = placeOf(logDir);
if (other) throw new Error(`host ${other.hostId} (pid ${other.pid}) serves this log`);
delete process.env.HOLDFAST_HOST_TOKEN;

makeSpool(logDir);
chmodSync(spoolFolder(logDir), 0o700);
const children = new Children({
  logDir,
  hostId,
  spoolBytesMax: SPOOL_BYTES_MAX,
  onExit: (processId, exit) => {
    door.tellExit(processId, exit);
    linger();
  },
});
const visitors = new Visitors(children, (processId, typed) => door.tellTyped(processId, typed));
let leaving = false;
const answer = requestTable(children, visitors, () => {
  if (!children.busy) void leave();
  return leaving;
});
const serve: Serve = (...request) => {
  if (leaving) throw new Failure('HOLDFAST_HOST_LOST', 'the process host is ending', { retryable: true });
  return answer(...request);
};
const door = new Door({ hostId, token, serve, onSessions: linger });
const place: Place = {
  hostId,
  pid: process.pid,
  startTime: statOf(process.pid)?.startTime ?? 0,
  bootId: bootId(),
  socket: socketPath(logDir),
  token,
};

// A closed terminal or ^C in it is meant for the engine.
process.on('SIGHUP', () => undefined);
process.on('SIGINT', () => undefined);
process.on('SIGTERM', () => void children.stopAll(GRACE_MS).then(leave));

door.server.on('error', (error) => {
  console.error(error);
  process.exit(1);
});
rmSync(place.socket, { force: true });
// The socket is created here and now: children must not inherit this umask.
const umask = process.umask(0o177);
door.server.listen(place.socket, () => {
  tellPlace(logDir, place);
  linger();
});
process.umask(umask);
// What we say goes to `host.log`: on a full disk it is lost, and that must not be told there again, for ever.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);
// One child's trouble must not cost all the others their reader.
process.on('uncaughtException', (error) => console.error(error));

let lingering: NodeJS.Timeout | undefined;

function linger(): void {
  clearTimeout(lingering);
  if (leaving || door.sessions > 0) return;
  lingering = setTimeout(() => {
    if (children.busy) linger();
    else void leave();
  }, LINGER_MS);
}

async function leave(): Promise<void> {
  if (leaving) return;
  leaving = true;
  leavePlace(logDir!, place);
  await Promise.race([door.close(), sleep(FLUSH_MS)]);
  process.exit(0);
}
