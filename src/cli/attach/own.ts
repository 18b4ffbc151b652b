/** The terminal that the command line was started on, as a seat: raw while somebody sits there. */
import type { Seat } from './visit.ts';

export interface OwnSeat extends Seat {
  /** As it was before. */
  readonly release: () => void;
}

export function ownSeat(): OwnSeat {
  const { stdin, stdout } = process;
  const off: (() => void)[] = [];
  const on = (emitter: NodeJS.EventEmitter, event: string, listener: (...given: never[]) => void) => {
    emitter.on(event, listener as () => void);
    off.push(() => emitter.off(event, listener as () => void));
  };
  stdin.setRawMode?.(true);
  return {
    size: () => ({ cols: stdout.columns ?? 80, rows: stdout.rows ?? 24 }),
    write: (text) => {
      stdout.write(text);
    },
    onKeys: (listener) => on(stdin, 'data', (bytes: Buffer) => listener(bytes)),
    onSize: (listener) => on(stdout, 'resize', listener),
    onGone: (listener) => {
      for (const signal of ['SIGTERM', 'SIGHUP', 'SIGINT']) on(process, signal, listener);
      on(stdin, 'end', listener);
      on(stdout, 'error', listener);
    },
    release: () => {
      for (const remove of off) remove();
      stdin.setRawMode?.(false);
      stdin.pause();
    },
  };
}
