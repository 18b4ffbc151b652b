/**
 * When two events of two logs say the same: apart from the names that were drawn by chance (ids, which are numbered in
 * order of appearance) and from what the machine and its clock made of it (times, process numbers of the system).
 */
import type { Envelope } from '../../../events/envelope.ts';
import { canonical } from '../../log/canonical.ts';

const uuid = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g;

/** Members that no two runs share. */
const chance = new Set([
  'at',
  'since',
  'until',
  'pid',
  'group',
  'startTime',
  'bootId',
  'hostId',
  'seed',
  'chunk_id',
  'wall_time_seconds',
  'cwd',
]);

/** Lines that a command's result begins with (see engine/output.ts). */
const measured = /^(?:Chunk ID: \w+|Wall time: [\d.]+ seconds)$/gm;

export class Sameness {
  readonly #numbers = new Map<string, number>();

  /** What an event says; equal for two events of two logs that were both read from the beginning. */
  of(event: Envelope): string {
    const { type, v, by, cause, index, of, stream, streamVersion, position, epoch, data } = event;
    const said = { type, v, by, cause, index, of, stream, streamVersion, position, epoch, data: plain(data) };
    return canonical(said).replaceAll(uuid, (id) => `id ${this.#number(id)}`);
  }

  #number(id: string): number {
    let number = this.#numbers.get(id);
    if (number === undefined) this.#numbers.set(id, (number = this.#numbers.size + 1));
    return number;
  }
}

function plain(value: unknown): unknown {
  if (typeof value === 'string') return value.replaceAll(measured, '');
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(plain);
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, member]) => (chance.has(key) ? [] : [[key, plain(member)]])),
  );
}
