/** The one file that names real adapters: LevelDB, the process host, the system's clock and ids, models by kind. */
import { existsSync } from 'node:fs';
import { Worker } from 'node:worker_threads';
import type { IdentityConfig, ModelConfig } from '../events/fleetFile.ts';
import type { Process, State } from '../projections/state.ts';
import { defaultCellLimits } from './cells/limits.ts';
import { pooledCells } from './cells/pool.ts';
import type { Signing } from './engine/checkpoints.ts';
import type { Clock } from './engine/clock.ts';
import type { HostDoor } from './engine/hostGate.ts';
import type { World } from './engine/life.ts';
import { touches } from './engine/touches.ts';
import { Failure } from './failure.ts';
import { connectHost, launchHost } from './host/client.ts';
import { endOrphan } from './host/orphans.ts';
import { bootId } from './host/procfs.ts';
import { endOf, startOf } from './host/records.ts';
import { readSpool } from './host/spoolReader.ts';
import { accountIn, tokenVariableOf } from './identity/account.ts';
import { httpRegistrar } from './identity/http.ts';
import { keyFile } from './identity/keyFile.ts';
import { localRegistrar } from './identity/local.ts';
import type { IdentityPorts } from './identity/port.ts';
import { openLevelLog } from './log/level.ts';
import { openLevelReader } from './log/levelReader.ts';
import type { Log, LogReader } from './log/port.ts';
import { secretsFile } from './log/secretsFile.ts';
import { chat } from './models/chat.ts';
import { keyOf, keyVariablesOf } from './models/key.ts';
import type { AskClient } from './models/peer.ts';
import type { Model } from './models/port.ts';
import { responses } from './models/responses.ts';
import { samplingModel } from './models/sampling.ts';
import { scriptModel } from './models/script.ts';
import { serverModel } from './models/server.ts';
import { newId } from './newId.ts';
import { keepCheckpoint, vaultOf } from './proofs/vault.ts';
import { version } from './version.ts';
import { gitWorkspaces } from './workspaces/git.ts';

export { newId } from './newId.ts';

/** The longest time setTimeout can wait. */
const timerMsMax = 2 ** 31 - 1;

export const systemClock: Clock = {
  now: () => Date.now(),
  after: (ms, then) => {
    const timer = setTimeout(then, Math.min(ms, timerMsMax));
    return () => clearTimeout(timer);
  },
};

/** What every child gets, so that programs neither colour nor page, whatever started us. */
const quiet = {
  NO_COLOR: '1',
  TERM: 'dumb',
  LANG: 'C.UTF-8',
  LC_CTYPE: 'C.UTF-8',
  LC_ALL: 'C.UTF-8',
  COLORTERM: '',
  PAGER: 'cat',
  GIT_PAGER: 'cat',
  GH_PAGER: 'cat',
};

function environment(state: State, { agentId, callId }: Process): Record<string, string> {
  const inherited = Object.fromEntries(
    Object.entries(process.env).flatMap(([k, v]) => (v === undefined ? [] : [[k, v]])),
  );
  // The token of the registrar and the keys of models are nobody's business but ours.
  const { identity, models } = state.fleet.file ?? {};
  const ours = [...(identity === undefined ? [] : [tokenVariableOf(identity)]), ...keyVariablesOf(models)];
  for (const name of ours) delete inherited[name];
  return {
    ...inherited,
    ...quiet,
    HOLDFAST_FLEET_ID: state.fleet.fleetId,
    HOLDFAST_AGENT: state.agents[agentId]!.path,
    HOLDFAST_AGENT_ID: agentId,
    HOLDFAST_VERSION: version,
    ...(callId !== undefined && { HOLDFAST_TOOL_CALL_ID: callId }),
  };
}

const hostsOf = (dir: string): HostDoor => ({
  connect: () => connectHost(dir),
  launch: (hostId) => launchHost(dir, hostId),
  readSpool: (processId, from, maxBytes) => readSpool(dir, processId, from, maxBytes),
  remains: (processId) => {
    const end = endOf(dir, processId);
    const start = startOf(dir, processId);
    const started = end?.started ?? start?.started;
    if (start === undefined && end === undefined) return { unasked: true };
    const launchFailed = end?.launchFailed ?? start?.launchFailed;
    if (launchFailed !== undefined) return { launchFailed };
    const typed = end?.typed ?? start?.typed;
    return {
      ...(started !== undefined && { started }),
      ...(end?.exit !== undefined && { exit: end.exit }),
      ...(typed !== undefined && { typed }),
    };
  },
  endOrphan,
});

const identityOf =
  (dir: string) =>
  (config: IdentityConfig): IdentityPorts => ({
    registrar: config.registrar === 'local' ? localRegistrar : httpRegistrar({ url: config.url, version }),
    keys: keyFile(dir),
    account: () => accountIn(process.env, config),
  });

interface ModelParts {
  readonly state: State;
  readonly ask: AskClient;
  readonly clock: Clock;
}

function modelOf(name: string, config: ModelConfig, { state, ask, clock }: ModelParts): Model {
  if (config.kind === 'script') return scriptModel(state.fleet.file?.scripts ?? {}, clock);
  if (config.kind === 'sampling') return samplingModel({ config, ask, state, clock });
  const called = config.model ?? name;
  const dialect = config.kind === 'responses' ? responses(config, called) : chat(config, called);
  return serverModel({ name, config, dialect, key: () => keyOf(config, process.env), clock });
}

/** Models of a fleet by name; a fleet without any has `script`. */
const modelsOf =
  (clock: Clock) =>
  (state: State, ask: AskClient): ((name: string) => Model) => {
    const models = new Map<string, Model>();
    return (name) => {
      const config = state.fleet.file?.models?.[name] ?? (name === 'script' ? { kind: 'script' as const } : undefined);
      if (config === undefined) {
        throw new Failure('HOLDFAST_UNKNOWN_MODEL', `the fleet has no model ${name}`, {
          remedy: 'name it under `models` in the fleet file',
        });
      }
      const known = models.get(name) ?? modelOf(name, config, { state, ask, clock });
      models.set(name, known);
      return known;
    };
  };

export const openLog = (dir: string, socket?: string): Promise<Log> =>
  openLevelLog(dir, { touches, ...(socket !== undefined && { owner: { socket } }) });

export const openReader = (dir: string): Promise<LogReader> => openLevelReader(dir, { touches });

/** A thread of its own, so that a large fleet does not stand still for it; it runs from the build, undefined without one. */
function thread(name: string, workerData: unknown): (() => Promise<void>) | undefined {
  const built = import.meta.url.includes('/dist/') ? `./${name}.js` : `../dist/src/${name}.js`;
  const program = new URL(built, import.meta.url);
  if (!existsSync(program)) return undefined;
  return () =>
    new Promise((resolve, reject) => {
      const thread = new Worker(program, { workerData });
      thread.once('error', reject);
      thread.once('exit', () => resolve());
    });
}

/** `HOLDFAST_CHECKPOINTS` names a folder on a safer disk. */
function signingOf(dir: string): Signing {
  const to = process.env.HOLDFAST_CHECKPOINTS || vaultOf(dir);
  const here: Signing['here'] = async (log) => void (await keepCheckpoint(dir, log, to));
  const aside = thread('checkpointThread', { dir, to }) ?? (async () => {});
  return { here, aside };
}

export const liveWorld = (dir: string, log: Log): World => ({
  log,
  clock: systemClock,
  newId,
  models: modelsOf(systemClock),
  hosts: hostsOf(dir),
  environment,
  cells: { runtime: pooledCells(), limits: defaultCellLimits },
  secrets: secretsFile(dir),
  identity: identityOf(dir),
  snapshot: thread('snapshotThread', dir),
  workspaces: gitWorkspaces(dir),
  signing: signingOf(dir),
  machine: { bootId: bootId(), pid: process.pid, version },
});
