/** The output of a process off a terminal: all its bytes from the beginning on, followed until it ends. */
import { once } from 'node:events';
import type { Exit } from '../../host/port.ts';
import type { Output } from '../output.ts';
import type { Source } from './playback.ts';

const readBytes = 2 ** 20;

interface Followed extends Pick<Source, 'read'> {
  /** Resolves when there is more output than `size`, and at the end; undefined: nobody will ever know its end. */
  more(size: number, signal: AbortSignal): Promise<{ readonly size: number; readonly exit?: Exit } | undefined>;
}

/** Text: the bytes as they are. jsonl: pieces, with how much the spool has dropped before each, and the end. json: the end. */
export async function pour(out: Output, processId: number, followed: Followed): Promise<void> {
  let at = 0;
  const { signal } = new AbortController();
  for (;;) {
    for (;;) {
      const piece = await followed.read(at, readBytes);
      if (piece === undefined || piece.to === piece.from) break;
      const { from, to, omitted, bytes } = piece;
      if (out.format === 'text') await write(bytes);
      else if (out.format === 'jsonl')
        await out.show({ processId, from, to, omitted, base64: Buffer.from(bytes).toString('base64') }, () => []);
      at = to;
    }
    const state = await followed.more(at, signal);
    if (state !== undefined && state.exit === undefined) continue;
    if (state !== undefined && state.size > at) continue;
    const end = { processId, is: state === undefined ? 'lost' : 'ended', ...state?.exit };
    if (out.format !== 'text') await out.show(end, () => []);
    return;
  }
}

async function write(bytes: Uint8Array): Promise<void> {
  if (!process.stdout.write(bytes)) await once(process.stdout, 'drain');
}
