/** Somebody has payloads removed from a log at rest: which there are, and what has to be so when it is done. */
import type { HoldfastEvent } from '../../events/catalogue.ts';
import type { Payload } from '../decide/command.ts';
import type { Answer } from '../engine/engine.ts';
import { type ForgetParts, type Forgotten, forget } from '../erasure/forget.ts';
import { Failure } from '../failure.ts';
import { collect, type Named } from '../log/audit.ts';
import type { Log } from '../log/port.ts';
import type { Picture } from './check/picture.ts';
import { holds } from './check/violation.ts';
import { changed } from './disk/changedLog.ts';
import type { Disk } from './disk/disk.ts';
import type { WorldHosts } from './hosts.ts';
import type { Random } from './random.ts';
import type { Schedule } from './schedule.ts';
import type { WorldSecrets } from './secrets.ts';

const keyOf = ({ what, id }: Payload): string => `${what}/${id}`;

/** Some of what a log names: long texts, output of processes that may still run, values of secrets. */
export function drawPayloads(r: Random, events: readonly HoldfastEvent[], secrets: boolean): Payload[] {
  const named: Named[] = [];
  const all = new Map<string, Payload>();
  const add = (payload: Payload) => all.set(keyOf(payload), payload);
  const live = new Set<number>();
  for (const { data, position, type } of events) {
    collect(data, position, named);
    if (type === 'ProcessRequested') live.add(data.processId);
    const ended = type === 'ProcessExited' || type === 'ProcessTerminated' || type === 'ProcessLost';
    if (ended) add({ what: 'output', id: String(data.processId) });
    if (ended) live.delete(data.processId);
    if (secrets)
      for (const [, id] of JSON.stringify(data).matchAll(/\[secret (s-\d+)\]/g)) add({ what: 'secret', id: id! });
  }
  for (const { sha256 } of named) add({ what: 'blob', id: sha256 });
  // One that still runs makes the whole of it be refused.
  for (const id of live) if (r.chance(10)) add({ what: 'output', id: String(id) });
  return [...all.values()].filter(() => r.chance(60));
}

export interface ForgettingParts extends Pick<ForgetParts, 'clock' | 'newId'> {
  /** Number that no other life has. */
  readonly life: number;
  readonly disk: Disk;
  readonly schedule: Schedule;
  readonly picture: Picture;
  /** The log with a planted defect. */
  readonly tampered: (log: Log) => Log;
  readonly hosts: WorldHosts;
  readonly secrets: WorldSecrets | undefined;
  /** For what is seen in the middle of the work. */
  readonly judge: (check: () => void) => void;
  /** Everything goes on until it waits for the world. */
  readonly settle: () => Promise<void>;
}

export const forgetCommand = (payloads: readonly Payload[]) =>
  ({ do: 'forget', payloads, reason: 'asked to' }) as const;

/** Before the fact was durable, and after it. */
const diskFailed: ReadonlySet<string> = new Set(['HOLDFAST_LOG_WRITE_FAILED', 'HOLDFAST_FORGET_UNFINISHED']);

export class Forgetting {
  /** The log is closed again, or the disk has failed. */
  over = false;
  readonly #parts: ForgettingParts;

  constructor(parts: ForgettingParts, payloads: readonly Payload[], answered: (answer: Answer<Forgotten>) => void) {
    this.#parts = parts;
    const done = (then: () => void) => {
      this.over = true;
      parts.judge(then);
    };
    this.#forget(payloads).then(
      (answer) => done(() => answered(answer)),
      (error) =>
        done(() => {
          if (!(error instanceof Failure && diskFailed.has(error.code))) throw error;
        }),
    );
  }

  /** The machine dies, or all is done. `synced`: the disk was quicker than death. */
  async end(synced: boolean): Promise<void> {
    const { disk, life, schedule, settle } = this.#parts;
    if (disk.cut(life, { synced, power: false })) await settle();
    schedule.drop(life);
  }

  async #forget(payloads: readonly Payload[]): Promise<Answer<Forgotten>> {
    const { life, disk, tampered, hosts, secrets, judge, picture } = this.#parts;
    const stored = await disk.open(life);
    const forgetBlob = (id: string) => {
      this.#removed({ what: 'blob', id });
      return stored.forget(id);
    };
    const log = tampered(changed(stored, { forget: forgetBlob }));
    const removeOutput = (processId: number) => {
      this.#removed({ what: 'output', id: String(processId) });
      hosts.forgetOutput(processId);
    };
    const removeSecret = (id: string) => {
      this.#removed({ what: 'secret', id });
      secrets?.forget(id);
    };
    const answer = await forget({ ...this.#parts, log, removeOutput, removeSecret }, forgetCommand(payloads));
    if (answer.ok)
      for (const payload of payloads) {
        const there = await this.#isThere(stored, payload);
        judge(() => holds(!there, 'LO7', picture.position, () => `${keyOf(payload)} is forgotten, and still there`));
      }
    await log.close();
    return answer;
  }

  /** LO7: the fact comes before the loss. */
  #removed(payload: Payload): void {
    const { judge, picture } = this.#parts;
    const text = () => `${keyOf(payload)} is removed, and no durable fact says so`;
    judge(() => holds(picture.forgotten.has(keyOf(payload)), 'LO7', picture.position, text));
  }

  async #isThere(log: Log, { what, id }: Payload): Promise<boolean> {
    const { hosts, secrets } = this.#parts;
    if (what === 'secret') return secrets?.holds(id) === true;
    if (what === 'output') return (hosts.processes.get(Number(id))?.read(0, 1).bytes.length ?? 0) > 0;
    return log.blob(id).then(
      () => true,
      () => false,
    );
  }
}
