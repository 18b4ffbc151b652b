/** The terminal that this process writes to. */
import type { Terminal } from './screen.ts';

/** A terminal that does not say how large it is. */
const unknownSize = { columns: 80, rows: 24 };

export const terminal: Terminal = {
  get columns() {
    return process.stdout.columns || unknownSize.columns;
  },
  get rows() {
    return process.stdout.rows || unknownSize.rows;
  },
  write: (text) => {
    process.stdout.write(text);
  },
};
