/** Cells in one thread keep the contract of the port. */
import { inlineCells } from '../../src/cells/inline.ts';
import { cellContract } from '../contract/cells.ts';

cellContract('one thread', inlineCells);
