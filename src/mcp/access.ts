/**
 * The fleet of a log, whoever has it open: this process, when nobody has, else the one that has, through its socket. When
 * that one dies, the next of those who went through it takes the fleet over (MC7).
 */
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Failure } from '../failure.ts';
import { type Fleet, type FleetConfig, openFleet } from '../fleet.ts';
import { socketPath } from '../host/place.ts';
import { folderOf, refuseStrangers } from '../log/folder.ts';
import { readHead } from '../log/headFile.ts';
import { ownerOf } from '../log/owner.ts';
import { OwnerClient } from '../serve/client.ts';
import { Control } from '../serve/control.ts';
import { type Door, localDoor, RemoteDoor } from './door.ts';

export interface AccessOptions {
  readonly dir: string;
  /** For a log without a fleet. */
  readonly fresh: () => Promise<FleetConfig>;
  readonly cwd: string;
  /** What a person should know; never on the standard output. */
  readonly note: (text: string) => void;
}

/** Of those who want a log at once all but one are refused: they look again after this, when the one listens. */
const lookAgainMs = 50;
/** Several owners may die one after the other; more in a row are no coincidence. */
const attemptsMax = 100;

function isEmpty(dir: string): boolean {
  refuseStrangers(dir);
  if (!existsSync(dir)) return true;
  const head = readHead(folderOf(dir).head);
  return typeof head === 'string' || head.position === 0;
}

const passing = new Set(['HOLDFAST_LOG_LOCKED', 'HOLDFAST_LOG_EMPTY', 'HOLDFAST_LOG_IN_USE']);

export class Access {
  readonly #options: AccessOptions;
  #door: Promise<Door> | undefined;
  #fleet: Fleet | undefined;
  #control: Control | undefined;
  #closed = false;
  #failed: ((error: unknown) => void) | undefined;
  #opened: ((fleet: Fleet) => void) | undefined;
  /** Rejects when the fleet that this process has open has failed for good. */
  readonly failed: Promise<never>;

  constructor(options: AccessOptions) {
    this.#options = options;
    this.failed = new Promise((_, reject) => (this.#failed = reject));
    this.failed.catch(() => {});
  }

  /** The fleet, when this process has it open. */
  get fleet(): Fleet | undefined {
    return this.#fleet;
  }

  /** Called when this process has the fleet open, now or as soon as it takes it over. */
  onOpened(listener: (fleet: Fleet) => void): void {
    this.#opened = listener;
    if (this.#fleet !== undefined) listener(this.#fleet);
  }

  /** The way to the fleet now. Rejects with a Failure where it cannot be opened. */
  door(): Promise<Door> {
    this.#door ??= this.#open().catch((error) => {
      this.#door = undefined;
      throw error;
    });
    return this.#door;
  }

  /** The fleet behind this door has gone: the next who asks finds it anew. */
  async lost(door: Door): Promise<void> {
    if ((await this.#door?.catch(() => undefined)) === door) this.#door = undefined;
  }

  async #open(): Promise<Door> {
    const { dir } = this.#options;
    for (let attempt = 1; ; attempt += 1) {
      if (this.#closed) throw new Failure('HOLDFAST_NOT_RUNNING', 'this server stops', { remedy: 'start it again' });
      const owner = isEmpty(dir) && !existsSync(dir) ? undefined : ownerOf(dir);
      if (owner !== undefined) {
        const client = new OwnerClient(dir, owner);
        if ((await client.ask('head').catch(unlessLost)) !== undefined) {
          this.#options.note(`the fleet is open in process ${owner.pid}; going through it`);
          return new RemoteDoor(client);
        }
      }
      try {
        return await this.#own();
      } catch (error) {
        if (!(error instanceof Failure) || !passing.has(error.code) || attempt === attemptsMax) throw error;
        await sleep(lookAgainMs);
      }
    }
  }

  async #own(): Promise<Door> {
    const { dir, fresh, cwd, note } = this.#options;
    const socket = socketPath(resolve(dir), 'engine');
    const fleet = await openFleet({ log: dir, cwd, socket, ...(isEmpty(dir) && { fleet: await fresh() }) });
    fleet.life.engine.onFailed((error) => this.#failed?.(error));
    this.#control = await Control.listen(fleet, socket);
    this.#fleet = fleet;
    this.#opened?.(fleet);
    note(`the fleet of ${dir} is open here`);
    return localDoor(fleet);
  }

  /** In order: processes and turns are left to the next who opens the fleet. */
  async close(reason: string): Promise<void> {
    this.#closed = true;
    await this.#door?.catch(() => undefined);
    this.#control?.hold();
    await this.#fleet?.stop(reason);
    await this.#control?.close();
  }
}

/** An owner that goes while it is asked is nobody. */
function unlessLost(error: unknown): undefined {
  if (error instanceof Failure && error.code === 'HOLDFAST_OWNER_LOST') return undefined;
  throw error;
}
