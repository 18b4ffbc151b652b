/**
 * The limits of a durable log: a file, append and fdatasync, with the same bytes and nothing else. The sync is waited for
 * off the event loop, as everything that serves more than one has to.
 */
import { closeSync, fdatasync, openSync, writeSync } from 'node:fs';

export interface RawFile {
  /** One after the other, each synced. */
  appendEach(records: readonly Uint8Array[]): Promise<void>;
  /** `clients` at once, each waiting for its record before the next; all that wait share one write and one sync. */
  appendGrouped(records: readonly Uint8Array[], clients: number): Promise<void>;
  close(): void;
}

export function openRaw(path: string): RawFile {
  const fd = openSync(path, 'a');
  const put = (bytes: Uint8Array): Promise<void> =>
    new Promise((resolve, reject) => {
      writeSync(fd, bytes);
      fdatasync(fd, (failed) => (failed ? reject(failed) : resolve()));
    });
  return {
    appendEach: async (records) => {
      for (const record of records) await put(record);
    },
    appendGrouped: async (records, clients) => {
      for (let i = 0; i < records.length; i += clients) await put(Buffer.concat(records.slice(i, i + clients)));
    },
    close: () => closeSync(fd),
  };
}
