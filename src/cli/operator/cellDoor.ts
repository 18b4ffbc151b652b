/** The way to the cells of a fleet: through the socket of whoever owns the log, else the log is opened here and let go again. */
import { resolve } from 'node:path';
import { viewOf } from '../../engine/cellView.ts';
import { foldLog } from '../../engine/fold.ts';
import { Failure, Refused } from '../../failure.ts';
import type { Fleet, Result } from '../../fleet.ts';
import { socketPath } from '../../host/place.ts';
import type { OwnerClient } from '../../serve/client.ts';
import { Control } from '../../serve/control.ts';
import { commands, lookups } from '../../serve/verbs.ts';
import { notFound } from '../../why/question.ts';
import { clientOf, holdsNoLog, reading, refuseNoLog } from '../opened.ts';
import { commandLine, type Setting } from '../setting.ts';

/** Asks by the names of the control socket; a refusal is thrown. */
export type AskFleet = <A>(verb: string, args: Readonly<Record<string, unknown>>) => Promise<A>;

function granted<A>(result: Result<unknown>): A {
  if (result.ok) return result.answer as A;
  const { code, message, remedy, details } = result.refusal;
  throw new Refused(code, message, { ...(remedy !== undefined && { remedy }), ...(details && { details }) });
}

const given = (args: Readonly<Record<string, unknown>>): Record<string, unknown> =>
  Object.fromEntries(Object.entries(args).filter(([, value]) => value !== undefined));

const remote =
  (client: OwnerClient, { dir }: Setting): AskFleet =>
  async (verb, args) => {
    const answered = await client.ask(verb, given(args));
    if (answered !== undefined) return granted(answered as Result<unknown>);
    throw new Failure('HOLDFAST_NOT_RUNNING', `the process that ran the fleet of ${dir} has just ended`, {
      remedy: 'ask again: without it the log is opened here',
      retryable: true,
    });
  };

const local =
  (fleet: Fleet): AskFleet =>
  async (verb, args) =>
    granted(await (commands[verb] ?? lookups[verb])!(fleet, given(args)));

/** A fleet for cells alone: one root, whose model has nothing to say. */
const bare = { models: { script: { kind: 'script' as const } }, roots: [{ prompt: 'Code cells', model: 'script' }] };

/** For looking on: without an owner the log is read as it is, and nothing in it goes on (`live` is false). */
export async function withReader<T>(setting: Setting, body: (ask: AskFleet, live: boolean) => Promise<T>): Promise<T> {
  const client = clientOf(setting.dir);
  if (client !== undefined) return body(remote(client, setting), true);
  return reading(setting.dir, async (log) => {
    const state = await foldLog(log);
    const look = async (_verb: string, args: Readonly<Record<string, unknown>>): Promise<unknown> => {
      const { cellId, from } = args as { readonly cellId: string; readonly from?: number };
      const cell = Object.hasOwn(state.cells.all, cellId) ? state.cells.all[cellId] : undefined;
      if (cell === undefined) throw notFound('cell', cellId, '`holdfast show cells` lists them');
      return viewOf(log, cell, from ?? 0, cell.offset);
    };
    return body(look as AskFleet, false);
  });
}

/** No cell waits for a call that it has made. */
async function callsEnded(fleet: Fleet): Promise<void> {
  for (;;) {
    let unfollow = () => {};
    const changed = new Promise<void>((resolve, reject) => {
      unfollow = fleet.follow(() => resolve());
      fleet.life.engine.onFailed(reject);
    });
    const open = await fleet.read(({ cells }) =>
      Object.values(cells.all).some(({ end, open }) => end === undefined && open > 0),
    );
    if (open) await changed;
    unfollow();
    if (!open) return;
  }
}

/** `orNew`: a folder without a log gets a fleet with one root. */
export async function withFleet<T>(
  setting: Setting,
  body: (ask: AskFleet) => Promise<T>,
  { orNew = false }: { readonly orNew?: boolean } = {},
): Promise<T> {
  const { dir } = setting;
  const client = clientOf(dir);
  if (client !== undefined) return body(remote(client, setting));
  if (!orNew) refuseNoLog(dir);
  const socket = socketPath(resolve(dir), 'engine');
  const { openFleet } = await import('../../fleet.ts');
  const fleet = await openFleet({ log: dir, socket, ...(orNew && holdsNoLog(dir) && { fleet: bare }) });
  const control = await Control.listen(fleet, socket);
  let stopped = false;
  let left = (_: Failure): void => {};
  const leaving = new Promise<never>((_, reject) => {
    left = reject;
  });
  const leave = () => {
    if (stopped) process.exit(130);
    stopped = true;
    const remedy = `what it does is in the log and goes on with \`${commandLine(dir, 'resume')}\``;
    left(new Failure('HOLDFAST_STOPPED', 'stopped by Ctrl-C', { remedy }));
  };
  process.on('SIGINT', leave).on('SIGTERM', leave);
  try {
    const answer = await Promise.race([body(local(fleet)), leaving]);
    // A stop ends processes: whatever a cell has asked for comes to its end first.
    await Promise.race([callsEnded(fleet), leaving]);
    return answer;
  } finally {
    process.off('SIGINT', leave).off('SIGTERM', leave);
    control.hold();
    await fleet.stop(stopped ? 'stopped by Ctrl-C' : 'asked and answered');
    await control.close();
  }
}
