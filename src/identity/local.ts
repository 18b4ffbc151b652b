/** The registrar for people who have none: it is asked like any other, and makes its ids out of what it is asked. */
import { hash } from 'node:crypto';
import type { Registrar } from './port.ts';

/** Enough of a digest that no two are the same. */
const digits = 24;
const idOf = (kind: string, of: string): string => `${kind}-${hash('sha256', of).slice(0, digits)}`;

/** The same request gives the same id, also in another life. */
export const localRegistrar: Registrar = {
  registerAgent: async ({ signer }) => ({ runtimeId: idOf('runtime', signer.publicKey) }),
  registerTask: async ({ runtimeId, key }) => ({ taskId: idOf('task', `${runtimeId}:${key}`) }),
};

export const localAccount = 'local';
