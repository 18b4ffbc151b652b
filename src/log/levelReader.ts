/** A stored log to read without owning it, on a private copy: the original is never changed. */
import { existsSync } from 'node:fs';
import { Failure } from '../failure.ts';
import { besideIn } from './beside.ts';
import { type Folder, folderOf, refuseStrangers } from './folder.ts';
import { type Look, openLook } from './look.ts';
import { checkOpening, type Opening } from './opening.ts';
import { locked, ownerOf } from './owner.ts';
import type { LogReader } from './port.ts';
import type { Touches } from './postings.ts';
import { StoredReader } from './reader.ts';

export interface ReaderOptions {
  readonly touches: Touches;
  /** Read also while an owner writes: what is durable at this moment. */
  readonly whileOwned?: boolean;
}

/** A look at a log that nobody owns; HOLDFAST_LOG_EMPTY when there is none yet, HOLDFAST_LOG_LOCKED when it is owned. */
export async function lookAt(dir: string, { whileOwned = false }: Pick<ReaderOptions, 'whileOwned'>): Promise<Look> {
  refuseStrangers(dir);
  if (existsSync(dir)) {
    const owner = ownerOf(dir);
    if (owner !== undefined && !whileOwned) throw locked(dir, owner);
  }
  const look = await openLook(folderOf(dir));
  if (look === undefined) throw empty(dir);
  return look;
}

export async function openLevelReader(dir: string, options: ReaderOptions): Promise<LogReader> {
  const look = await lookAt(dir, options);
  try {
    const opening = await checkOpening(look.store, look.head, options.touches);
    if (opening.tip.position === 0) throw empty(dir);
    return new CopyReader(folderOf(dir), look, opening);
  } catch (error) {
    await look.close();
    throw error;
  }
}

class CopyReader extends StoredReader {
  readonly #look: Look;

  constructor(folder: Folder, look: Look, opening: Opening) {
    super(besideIn(folder), look.store, opening);
    this.#look = look;
  }

  override close(): Promise<void> {
    return this.#look.close();
  }
}

export const empty = (dir: string): Failure =>
  new Failure('HOLDFAST_LOG_EMPTY', `there is no log in ${dir} yet`, {
    remedy: 'start a fleet with `holdfast run FLEET.json`',
    details: { dir },
  });
