/** What can be asked on the control socket: the operator's commands, and reading the log. */
import { CellPolicy } from '../../events/cell.ts';
import { Offer } from '../../events/client.ts';
import { Failure } from '../failure.ts';
import type { Fleet, Result } from '../fleet.ts';
import { answer as answerTo, asked } from './asks.ts';
import { followHashed } from './followed.ts';
import { type ViewName, views } from './views.ts';

export type Args = Readonly<Record<string, unknown>>;

/** An answer of the engine, which may be a refusal. */
export type Ask = (fleet: Fleet, args: Args) => Promise<Result<unknown>>;
export type Stream = (fleet: Fleet, args: Args, signal: AbortSignal) => AsyncIterable<readonly unknown[]>;

const bad = (name: string, expected: string): Failure =>
  new Failure('HOLDFAST_BAD_REQUEST', `the request's ${name} must be ${expected}`, {
    remedy: 'use the `holdfast` of the same version as the fleet',
  });

function text(args: Args, name: string): string {
  const value = args[name];
  if (typeof value !== 'string') throw bad(name, 'a text');
  return value;
}

function optional<T>(args: Args, name: string, type: 'string' | 'number' | 'boolean'): T | undefined {
  const value = args[name];
  if (value !== undefined && typeof value !== type) throw bad(name, `a ${type}`);
  return value as T | undefined;
}

const range = (args: Args): { from?: number; to?: number } => {
  const from = optional<number>(args, 'from', 'number');
  const to = optional<number>(args, 'to', 'number');
  return { ...(from !== undefined && { from }), ...(to !== undefined && { to }) };
};

const keyed = (args: Args): { key?: string } => {
  const key = optional<string>(args, 'key', 'string');
  return key === undefined ? {} : { key };
};

/** They change the fleet: refused while it is being stopped. */
export const commands: Readonly<Record<string, Ask>> = {
  send: (fleet, args) =>
    fleet.send(text(args, 'target'), text(args, 'text'), {
      followup: optional<boolean>(args, 'followup', 'boolean') ?? false,
      ...keyed(args),
    }),
  interrupt: (fleet, args) =>
    fleet.interrupt(text(args, 'target'), {
      cascade: optional<boolean>(args, 'cascade', 'boolean') ?? false,
      ...keyed(args),
    }),
  answer: (fleet, args) => {
    const word = text(args, 'answer');
    if (word !== 'allow' && word !== 'deny' && word !== 'always') throw bad('answer', 'allow, deny or always');
    const reason = optional<string>(args, 'reason', 'string');
    return fleet.answer(text(args, 'approvalId'), word, { ...(reason !== undefined && { reason }), ...keyed(args) });
  },
  budget: (fleet, args) => {
    const { given } = args;
    if (typeof given !== 'object' || given === null) throw bad('given', 'an object');
    return fleet.changeBudget(given, keyed(args));
  },
  unbind: (fleet, args) => fleet.unbind(text(args, 'target'), keyed(args)),
  close: (fleet, args) => {
    const reason = optional<string>(args, 'reason', 'string');
    return fleet.close(text(args, 'target'), { ...(reason !== undefined && { reason }), ...keyed(args) });
  },
  createCell: (fleet, args) => {
    const policy = optional<CellPolicy>(args, 'policy', 'string') ?? 'ContinueWhenUnblocked';
    if (!CellPolicy.is(policy)) throw bad('policy', 'ContinueWhenUnblocked or PauseAtPendingFrontier');
    return fleet.createCell(text(args, 'target'), text(args, 'source'), { policy, ...keyed(args) });
  },
  resumeCell: (fleet, args) => {
    const generation = optional<number>(args, 'generation', 'number');
    if (generation === undefined) throw bad('generation', 'a number');
    return fleet.resumeCell(text(args, 'cellId'), generation);
  },
  terminateCell: (fleet, args) => {
    const reason = optional<string>(args, 'reason', 'string');
    return fleet.terminateCell(text(args, 'cellId'), { ...(reason !== undefined && { reason }), ...keyed(args) });
  },
  callTool: (fleet, args) =>
    fleet.callTool(text(args, 'connectionId'), {
      call: text(args, 'call'),
      tool: text(args, 'tool'),
      args: args.args,
      again: optional<boolean>(args, 'again', 'boolean') ?? false,
    }),
  cancelCall: (fleet, args) => fleet.cancelCall(text(args, 'connectionId'), text(args, 'call')),
  detach: (fleet, args) => fleet.detach(text(args, 'target'), keyed(args)),
  reattach: (fleet, args) => {
    const { only } = args;
    if (only !== undefined && !(Array.isArray(only) && only.every(Number.isSafeInteger)))
      throw bad('only', 'a list of process ids');
    return fleet.reattach(text(args, 'target'), { ...(only !== undefined && { only }), ...keyed(args) });
  },
  clean: (fleet, args) => fleet.clean(optional<string>(args, 'target', 'string'), keyed(args)),
  stopProcess: (fleet, args) => {
    const processId = optional<number>(args, 'processId', 'number');
    if (processId === undefined) throw bad('processId', 'a number');
    return fleet.stopProcess(processId, keyed(args));
  },
};

const answer = (value: unknown): Result<unknown> => ({ ok: true, answer: value });

export const lookups: Readonly<Record<string, Ask>> = {
  observeCell: (fleet, args) => {
    const from = optional<number>(args, 'from', 'number');
    const reader = optional<string>(args, 'reader', 'string');
    return fleet.observeCell(text(args, 'cellId'), {
      waitMs: optional<number>(args, 'waitMs', 'number') ?? 0,
      mode: optional<boolean>(args, 'frontier', 'boolean') === true ? 'frontier' : 'yield',
      ...(from !== undefined && { from }),
      ...(reader !== undefined && { reader }),
    });
  },
  view: async (fleet, args) => {
    const name = text(args, 'name');
    if (!Object.hasOwn(views, name)) throw bad('name', `one of ${Object.keys(views).join(', ')}`);
    const { args: given = {} } = args as { readonly args?: Args };
    return answer(await views[name as ViewName](fleet, text(args, 'rootId'), given));
  },
  answerAsk: async (fleet, args) => {
    const { error, result } = args as { readonly error?: { code: number; message: string }; readonly result?: unknown };
    return answer({ wanted: answerTo(fleet, text(args, 'ask'), result, error) });
  },
  head: async ({ log }) => answer({ fleetId: log.fleetId, head: log.synced() }),
  blob: async ({ log }, args) => answer(Buffer.from(await log.blob(text(args, 'sha256'))).toString('base64')),
  snapshot: async ({ log }, args) => {
    const version = optional<number>(args, 'stateVersion', 'number');
    if (version === undefined) throw bad('stateVersion', 'a number');
    return answer(await log.snapshot(version, optional<number>(args, 'atMost', 'number')));
  },
};

/** A client acts as a root as long as somebody reads this: the first page says as which, the others what it is asked. */
async function* client(fleet: Fleet, args: Args, signal: AbortSignal): AsyncGenerator<readonly unknown[]> {
  const connectionId = text(args, 'connectionId');
  const [version, model, cwd] = (['version', 'model', 'cwd'] as const).map((name) =>
    optional<string>(args, name, 'string'),
  );
  const { sampling } = args;
  if (sampling !== undefined && !Offer.is(sampling)) throw bad('sampling', 'text or tools');
  const { peer, pages } = asked(fleet, optional<boolean>(args, 'elicits', 'boolean') ?? false, signal);
  const joining = {
    connectionId,
    name: text(args, 'name'),
    software: text(args, 'software'),
    ...(version !== undefined && { version }),
    ...(model !== undefined && { model }),
    ...(cwd !== undefined && { cwd }),
    ...(sampling !== undefined && { sampling }),
  };
  const joined = await fleet.join(joining, peer);
  try {
    yield [joined];
    if (joined.ok) yield* pages;
  } finally {
    // An engine that has stopped has sent it away.
    await fleet.leave(connectionId, 'its process has gone').catch(() => undefined);
  }
}

export const streams: Readonly<Record<string, Stream>> = {
  read: ({ log }, args) => log.read(range(args)),
  readHashed: ({ log }, args) => log.readHashed(range(args)),
  readStream: ({ log }, args) => log.readStream(text(args, 'stream'), range(args)),
  readAgent: ({ log }, args) => log.readAgent(text(args, 'agentId'), range(args)),
  client,
  follow: ({ log }, args, signal) => followHashed(log, optional<number>(args, 'from', 'number') ?? 1, signal),
};
