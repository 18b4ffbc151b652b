/** The requests a host answers, by name: what comes over the socket is applied to the children. */
import { Failure } from '../failure.ts';
import type { Children } from './children.ts';
import type { HostProcess, StartRequest } from './port.ts';
import { READ_BYTES_MAX, type Request } from './protocol.ts';
import { Seats } from './seats.ts';
import type { Answer, Caller } from './server.ts';
import type { Visitors } from './visitors.ts';

/** Characters of one page of a list: in UTF-8 they stay below the limit of a frame. */
const PAGE_LENGTH_MAX = 2 * 1024 * 1024;

type Handler = (
  args: readonly unknown[],
  bytes: Uint8Array,
  cancel: AbortSignal,
  caller: Caller,
) => Answer | Promise<Answer>;

export function requestTable(children: Children, visitors: Visitors, endIfEmpty: () => boolean) {
  const seats = new Seats(visitors);
  const handlers: Readonly<Record<string, Handler>> = {
    start: async ([request]) => ({ value: await children.start(startOf(request)) }),
    write: ([requestId, processId], bytes) => ({ value: children.write(text(requestId), number(processId), bytes) }),
    resize: ([processId, cols, rows]) => {
      children.resize(number(processId), extent(cols), extent(rows));
      return {};
    },
    signal: ([requestId, processId, signal]) => ({
      value: children.signal(text(requestId), number(processId), text(signal) as NodeJS.Signals),
    }),
    stop: async ([, processId, graceMs]) => ({ value: await children.stop(number(processId), number(graceMs)) }),
    wait: async ([processId, waitMs, more], _, cancel) => ({
      value: await children.wait(number(processId), number(waitMs), cancel, more == null ? undefined : number(more)),
    }),
    read: ([processId, from, bytesMax]) => {
      const output = children.read(number(processId), number(from), Math.min(number(bytesMax), READ_BYTES_MAX));
      return output ? { value: { ...output, bytes: undefined }, bytes: output.bytes } : {};
    },
    join: ([processId], _, __, caller) => {
      const id = number(processId);
      return { value: visitors.join(id, seats.of(caller, id)) };
    },
    keyboard: ([processId, how], _, __, caller) => {
      const id = number(processId);
      if (how !== 'ask' && how !== 'take' && how !== 'give')
        throw invalid(`${String(how)} is not a way to have a keyboard`);
      return { value: visitors.keyboard(id, seats.of(caller, id), how) };
    },
    window: ([processId, cols, rows], _, __, caller) => {
      const id = number(processId);
      return { value: visitors.window(id, seats.of(caller, id), extent(cols), extent(rows)) };
    },
    type: ([processId], bytes, _, caller) => {
      const id = number(processId);
      return { value: visitors.type(id, seats.of(caller, id), bytes) };
    },
    list: ([after]) => ({ value: page(children.list(number(after ?? 0))) }),
    find: ([requestId]) => ({ value: children.find(text(requestId)) }),
    acknowledge: ([processId]) => {
      children.acknowledge(number(processId));
      return {};
    },
    endIfEmpty: () => ({ value: endIfEmpty() }),
  };
  return (request: Request, bytes: Uint8Array, cancel: AbortSignal, caller: Caller): Answer | Promise<Answer> => {
    const handler = Object.hasOwn(handlers, request.op) ? handlers[request.op] : undefined;
    if (!handler) throw invalid(`the process host knows no request ${request.op}`);
    return handler(request.args, bytes, cancel, caller);
  };
}

/** As many as go into one frame, and at least one; the client asks for those after the last. */
function page(processes: readonly HostProcess[]): HostProcess[] {
  let length = 0;
  const end = processes.findIndex((process) => (length += JSON.stringify(process).length) > PAGE_LENGTH_MAX);
  return processes.slice(0, end < 0 ? undefined : Math.max(1, end));
}

function startOf(value: unknown): StartRequest {
  const request = value as StartRequest | null;
  text(request?.requestId);
  number(request?.processId);
  text(request?.cwd);
  if (!Array.isArray(request?.argv)) throw invalid('argv must be a list of texts');
  let length = 0;
  for (const argument of request.argv) length += text(argument).length;
  // The system takes less; what is longer would not go into a list either.
  if (length > PAGE_LENGTH_MAX) throw invalid(`argv has ${length} characters, more than ${PAGE_LENGTH_MAX}`);
  for (const value of Object.values(request.env ?? {})) text(value);
  return { ...request, env: request.env ?? {} };
}

function text(value: unknown): string {
  if (typeof value !== 'string') throw invalid(`${String(value)} is not a text`);
  return value;
}

function number(value: unknown): number {
  if (typeof value !== 'number' || !Number.isFinite(value) || value < 0)
    throw invalid(`${String(value)} is not a number`);
  return value;
}

/** Columns or rows: the system keeps them in 16 bits. */
function extent(value: unknown): number {
  const cells = Math.floor(number(value));
  if (cells < 1 || cells > 0xffff) throw invalid(`${cells} columns or rows are no size of a terminal`);
  return cells;
}

function invalid(message: string): Failure {
  return new Failure('HOLDFAST_HOST_REQUEST_INVALID', message, { remedy: 'speak to the host through its client' });
}
