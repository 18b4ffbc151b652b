/** A log of which some methods are others. */
import type { Log } from '../../log/port.ts';

export const changed = (log: Log, other: Partial<Log>): Log => ({
  get fleetId() {
    return log.fleetId;
  },
  head: () => log.head(),
  synced: () => log.synced(),
  append: (batch) => log.append(batch),
  flush: () => log.flush(),
  follow: (listener) => log.follow(listener),
  read: (range) => log.read(range),
  readHashed: (range) => log.readHashed(range),
  readStream: (stream, range) => log.readStream(stream, range),
  readAgent: (agentId, range) => log.readAgent(agentId, range),
  blob: (sha256) => log.blob(sha256),
  forget: (sha256) => log.forget(sha256),
  snapshot: (stateVersion, atMost) => log.snapshot(stateVersion, atMost),
  putSnapshot: (snapshot) => log.putSnapshot(snapshot),
  putCache: (name, content) => log.putCache(name, content),
  getCache: (name) => log.getCache(name),
  close: () => log.close(),
  ...other,
});
