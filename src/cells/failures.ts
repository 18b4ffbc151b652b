/** What the runtimes answer when they cannot do what they were asked; see `port.ts`. */
import { Failure } from '../failure.ts';

const again = 'create the cell again with its recorded inputs';

export const unknownCell = (cellId: string): Failure =>
  new Failure('HOLDFAST_CELL_UNKNOWN', `no cell ${cellId} is running`, { remedy: again, details: { cellId } });

export const lostMachine = (cellId: string, cause: unknown): Failure =>
  new Failure('HOLDFAST_CELL_MACHINE_LOST', `the machine of cell ${cellId} is gone`, {
    remedy: again,
    retryable: true,
    details: { cellId },
    cause,
  });

export const closedCells = (): Failure =>
  new Failure('HOLDFAST_CELLS_CLOSED', 'the cell runtime is closed', { remedy: 'make another one' });
