/**
 * Large logs for measuring: the real engine decides and writes every event, but nobody answers for the models and no
 * process is started; what they would report is given here. So a log of a million events takes seconds.
 */
import type { Item } from '../../events/turn.ts';
import { type State, stateVersion } from '../../projections/state.ts';
import { Engine } from '../engine/engine.ts';
import { foldLog, stateHash } from '../engine/fold.ts';
import { newId, openLog, systemClock } from '../live.ts';
import type { Log } from '../log/port.ts';

/** Commands between two waits for the disk: the log's queue stays small beside the state. */
const commandsPerFlush = 2_000;

const plan = 'Read the failing test, find the first commit that breaks it, and say which line it is and why.';
/** What agents say differs from time to time, so that no record is smaller than in life. */
const foundBy = (n: number): string =>
  `The test fails since the retry counter is reset in the wrong place; line 214 of engine.ts is the one (${n}).`;

export class Workload {
  readonly log: Log;
  readonly engine: Engine;
  #commands = 0;

  private constructor(log: Log, engine: Engine) {
    this.log = log;
    this.engine = engine;
  }

  /** A new log, or the next life of one. */
  static async open(dir: string): Promise<Workload> {
    const log = await openLog(dir);
    const state = await foldLog(log);
    const life = { bootId: 'bench', pid: process.pid, version: 'bench' };
    const engine = new Engine({
      log,
      clock: systemClock,
      newId,
      hostId: () => 'bench',
      state,
      epoch: log.head().epoch + 1,
    });
    engine.hands = { observe: () => {}, carryOut: () => {} };
    const limits = { activeTurns: 1_000, residents: 64, processes: 10_000, depth: 16 };
    await (log.head().position > 0
      ? engine.submit({ do: 'start', ...life })
      : engine.submit({ do: 'open', fleetId: newId(), cwd: '/work/project', file: { limits, roots: [] }, ...life }));
    return new Workload(log, engine);
  }

  get state(): State {
    return this.engine.state;
  }

  get position(): number {
    return this.engine.state.position;
  }

  /** Commands are decided at once; now and then the disk is waited for. */
  async #breathe(): Promise<void> {
    this.#commands += 1;
    if (this.#commands % commandsPerFlush === 0) await this.log.flush();
  }

  async root(name: string): Promise<string> {
    const before = this.state.roots.length;
    this.engine.report({ do: 'spawnRoot', name, prompt: plan, model: 'script', cwd: '/work/project' });
    await this.#breathe();
    return this.state.roots[before]!;
  }

  /** The agent's model says this. */
  async say(agentId: string, items: readonly Item[]): Promise<void> {
    const { turnId, samplings } = this.state.agents[agentId]!;
    this.engine.report({ do: 'sampled', turnId: turnId!, n: samplings + 1, items });
    await this.#breathe();
  }

  finish(agentId: string): Promise<void> {
    return this.say(agentId, [{ say: foundBy(this.#commands) }]);
  }

  /** Children of a running agent, all in one answer; their turns run. */
  async spawn(parentId: string, names: readonly string[]): Promise<string[]> {
    const parent = this.state.agents[parentId]!;
    const args = (task_name: string) => ({ task_name, message: plan, fork_turns: 'none' });
    await this.say(
      parentId,
      names.map((name, i) => ({ call: 'spawn_agent', id: `call_${i}`, args: args(name) })),
    );
    return names.map((name) => parent.children![`${parent.path}/${name}`]!);
  }

  /** A shell command from call to result, as the host would report it; `synced`: each step is durable before the next. */
  async command(agentId: string, cmd: string, text: string, synced = false): Promise<void> {
    const step = () => (synced ? this.log.flush() : undefined);
    const { turnId } = this.state.agents[agentId]!;
    const callId = `call_${newId().slice(-12)}`;
    const processId = this.state.fleet.nextProcessId;
    const pid = 10_000 + (processId % 50_000);
    await this.say(agentId, [{ call: 'exec_command', id: callId, args: { cmd } }]);
    const { engine } = this;
    engine.report({
      do: 'processStarted',
      processId,
      pid,
      group: pid,
      startTime: 400_000 + processId,
      bootId: 'bench',
    });
    await step();
    const exit = { code: 0, signal: null, outputBytes: text.length, outputHash: newId().replaceAll('-', '').repeat(2) };
    engine.report({ do: 'processEnded', processId, exit });
    await step();
    const fields = { exit_code: 0, wall_time_seconds: 0.0312, original_token_count: 12 };
    engine.report({ do: 'endCall', turnId: turnId!, callId, outcome: 'ok', output: { text, fields } });
    await step();
    await this.#breathe();
  }

  async task(agentId: string): Promise<void> {
    this.engine.report({ do: 'send', target: agentId, text: plan, followup: true });
    await this.#breathe();
  }

  /** A root that is idle reads what its children wrote. */
  async readMail(rootId: string): Promise<void> {
    await this.task(rootId);
    await this.finish(rootId);
  }

  /** A turn of an idle agent that asks for its tree twice and writes to its parent: 22 events. */
  async smallTurn(agentId: string): Promise<void> {
    await this.task(agentId);
    await this.say(agentId, [{ call: 'list_agents', id: 'call_1', args: { path_prefix: '/root/none' } }]);
    await this.say(agentId, [
      { call: 'send_message', id: 'call_2', args: { target: '/root', message: foundBy(this.#commands) } },
    ]);
    await this.say(agentId, [{ call: 'list_agents', id: 'call_3', args: { path_prefix: '/root/none' } }]);
    await this.finish(agentId);
  }

  /** The state of now as the engine leaves it beside the log. */
  async snapshot(): Promise<void> {
    await this.log.flush();
    const { position } = this.state;
    for await (const page of this.log.readHashed({ from: position, to: position })) {
      const { state } = this;
      await this.log.putSnapshot({
        stateVersion,
        position,
        hash: page.at(-1)!.hash!,
        stateHash: stateHash(state),
        state,
      });
    }
  }

  async close(): Promise<void> {
    await this.log.flush();
    await this.log.close();
  }
}
