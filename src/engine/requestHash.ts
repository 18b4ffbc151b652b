/** The identity of a request: the same command gives the same hash, whatever the order of its members. */
import { hash } from 'node:crypto';
import type { Command } from '../decide/command.ts';
import { canonical } from '../log/canonical.ts';

export const requestHash = (command: Command): string => hash('sha256', canonical(command));
