/** For engines without a sandbox: a cell that is asked for is lost at once, and its model is told why. */
import type { CellRuntime } from '../cells/port.ts';
import { Failure } from '../failure.ts';

const none = async (): Promise<never> => {
  throw new Failure('HOLDFAST_NO_SANDBOX', 'this engine has no sandbox for code cells');
};

export const noSandbox: CellRuntime = { create: none, feed: none, end: async () => {}, close: async () => {} };
