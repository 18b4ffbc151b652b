/** Processes carried out: started, stopped and heard of through their host, and after a crash each found again (TU6, PR3, PR8). */
import type { Process, State } from '../../projections/state.ts';
import { allLive } from '../decide/leases.ts';
import { Failure } from '../failure.ts';
import type { Exit, Started, Typed } from '../host/port.ts';
import type { Engine } from './engine.ts';
import type { HostGate } from './hostGate.ts';
import type { Secrets } from './secrets.ts';

/** PR7: between TERM and KILL, for a program to put its things in order. */
export const stopGraceMs = 2_000;

const isLoss = (error: unknown): boolean => error instanceof Failure && error.code === 'HOLDFAST_HOST_LOST';

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

export interface ProcessParts {
  readonly engine: Engine;
  readonly gate: HostGate;
  /** The environment of every child. */
  readonly environment: (state: State, process: Process) => Readonly<Record<string, string>>;
  readonly secrets?: Secrets;
}

/** What a host, or what it left on disk, says of a process. */
interface Known {
  readonly started?: Started | undefined;
  readonly launchFailed?: string | undefined;
  readonly exit?: Exit | undefined;
  readonly typed?: Typed | undefined;
}

/** Which process of the system it is. */
const bodyOf = ({ pid, group, startTime, bootId }: Started) => ({ pid, group, startTime, bootId });

export class Processes {
  readonly #parts: ProcessParts;
  readonly #state: State;
  /** Starts under way, by process id. */
  readonly #starting = new Map<number, Promise<void>>();
  #reconciled: Promise<void> = Promise.resolve();
  #left = false;

  constructor(parts: ProcessParts) {
    this.#parts = parts;
    this.#state = parts.engine.state;
  }

  /** What was never started is left to the next life. */
  letGo(): void {
    this.#left = true;
  }

  /** TU6 (3)–(5), PR8: what became of each process while nobody looked. */
  reconcile(open: readonly number[], stopping: readonly number[]): void {
    this.#reconcileBy(this.#meetHost(open, new Set(stopping)));
  }

  /** The host is gone while we run. */
  hostLost(hostId: string): void {
    const lost = allLive(this.#state).filter((process) => process.hostId === hostId);
    this.#reconcileBy(Promise.all(lost.map((process) => this.#bury(process))).then(() => {}));
  }

  #reconcileBy(finding: Promise<void>): void {
    this.#reconciled = finding;
    finding.catch(() => {});
  }

  /** Resolves when it is known, and reported, what became of all that the last life left; rejects when that failed. */
  get reconciled(): Promise<void> {
    return this.#reconciled;
  }

  async #meetHost(open: readonly number[], stopping: ReadonlySet<number>): Promise<void> {
    const { gate } = this.#parts;
    if (open.length === 0) return;
    const host = await gate.current;
    const known = new Map((await host?.list())?.map((p) => [p.processId, p]));
    for (const processId of open) {
      const process = this.#state.processes.all[processId]!;
      if (process.end !== undefined) continue;
      if (process.hostId !== gate.hostId) {
        await this.#bury(process);
        continue;
      }
      const found: Known = known.get(processId) ?? {};
      if (this.#tell(process, found)) continue;
      if (stopping.has(processId)) this.stop(processId);
      // Never seen, or the start is under way: the same request again gives the one answer.
      else if (found.started === undefined && !this.#left) this.start(processId);
    }
  }

  /** Reports what the log does not have yet. True: its end was among it. */
  #tell({ processId, pid }: Process, { started, typed, launchFailed, exit }: Known): boolean {
    const { engine } = this.#parts;
    if (started !== undefined && pid === undefined)
      engine.report({ do: 'processStarted', processId, ...bodyOf(started) });
    if (typed !== undefined) engine.report({ do: 'processTyped', processId, typed });
    if (launchFailed !== undefined) engine.report({ do: 'launchFailed', processId, error: launchFailed });
    else if (exit !== undefined) engine.report({ do: 'processEnded', processId, exit });
    else return false;
    return true;
  }

  /** Its host is gone for good: its real end if that is known, else it is ended and lost. */
  async #bury(process: Process): Promise<void> {
    const { gate, engine } = this.#parts;
    const { processId, hostId } = process;
    if (process.end !== undefined) return;
    const remains = gate.door.remains(processId);
    const started = process.pid === undefined ? remains.started : (process as Required<Process>);
    if (this.#tell(process, remains)) return;
    const body = started && bodyOf(started);
    const { wasAlive } = await gate.door.endOrphan({ processId, hostId, ...body }, stopGraceMs);
    const reason = started === undefined ? 'its host is gone and nothing tells whether it started' : 'its host is gone';
    engine.report({ do: 'processLost', processId, reason, wasAlive });
  }

  #buryOrLose(processId: number): Promise<void> {
    return this.#bury(this.#state.processes.all[processId]!).catch((error) => this.#lose(processId, error));
  }

  /** It could not be ended, and nobody owns it any more. */
  #lose(processId: number, error: unknown): void {
    this.#parts.engine.report({ do: 'processLost', processId, reason: messageOf(error), wasAlive: true });
  }

  start(processId: number): void {
    const started = this.#start(processId).catch((error) => {
      if (this.#parts.gate.closed) return;
      // The host went away in the middle: it may have been started.
      if (isLoss(error)) return this.#buryOrLose(processId);
      this.#parts.engine.report({ do: 'launchFailed', processId, error: messageOf(error) });
    });
    this.#starting.set(processId, started);
    started.finally(() => this.#starting.delete(processId));
  }

  async #start(processId: number): Promise<void> {
    const { engine, gate, environment } = this.#parts;
    const process = this.#state.processes.all[processId]!;
    const host = await gate.of(process.hostId);
    if (host === undefined) {
      await this.#bury(process);
      return;
    }
    const { requestId, command, cwd, tty } = process;
    const argv = this.#parts.secrets?.revealIn(command) ?? command;
    const result = await host.start({ requestId, processId, argv, cwd, tty, env: environment(this.#state, process) });
    if ('error' in result) await engine.submit({ do: 'launchFailed', processId, error: result.error });
    else await engine.submit({ do: 'processStarted', processId, ...bodyOf(result) });
  }

  stop(processId: number): void {
    const { gate, engine } = this.#parts;
    const process = this.#state.processes.all[processId]!;
    const run = async () => {
      const host = await gate.of(process.hostId);
      if (host === undefined) return this.#bury(process);
      const exit = await host.stop(`stop/${processId}`, processId, stopGraceMs);
      if (exit !== undefined) this.exited(processId, exit);
      else if (process.pid === undefined)
        engine.report({ do: 'launchFailed', processId, error: 'it was stopped before it had started' });
      else this.#lose(processId, new Error('its host does not know it any more'));
    };
    run()
      .catch((error) => {
        if (gate.closed) return;
        if (!isLoss(error)) throw error;
        return this.#bury(process);
      })
      .catch((error) => this.#lose(processId, error));
  }

  /** The host tells an end on its own: its start, which came before, is recorded first. */
  exited(processId: number, exit: Exit): void {
    const tell = () => {
      // Its start is not known because the host is lost meanwhile: whoever buries the process finds both.
      if (this.#state.processes.all[processId]?.pid === undefined) return;
      this.#parts.engine.report({ do: 'processEnded', processId, exit });
    };
    this.begun(processId).then(tell, tell);
  }

  /** An operator has typed at the host. */
  typed(processId: number, typed: Typed): void {
    const tell = () => this.#parts.engine.report({ do: 'processTyped', processId, typed });
    this.begun(processId).then(tell, tell);
  }

  /** A start that the last life sent may be heard after we asked the host what it has: asked again, it gives the one answer. */
  async begun(processId: number): Promise<void> {
    await this.settled(processId);
    const process = this.#state.processes.all[processId]!;
    if (process.pid !== undefined || process.end !== undefined) return;
    this.start(processId);
    await this.settled(processId);
  }

  /** Its start has an outcome, and what happened while nobody looked is known. */
  async settled(processId: number): Promise<void> {
    await this.#reconciled;
    await this.#starting.get(processId);
  }

  acknowledge(processId: number): void {
    const process = this.#state.processes.all[processId]!;
    if (process.hostId !== this.#parts.gate.hostId) return;
    this.#parts.gate.current?.then((host) => host.acknowledge(processId)).catch(() => {});
  }
}
