/** The requests a host answers, by name: what comes over the socket is applied to the children. */
import { extent, invalid, number, text } from './arguments.ts';
import type { Children } from './children.ts';
import type { HostProcess, StartRequest } from './port.ts';
import { READ_BYTES_MAX, type Request } from './protocol.ts';
import { seatRequests } from './seatRequests.ts';
import type { Answer, Caller } from './server.ts';
import type { Visiting } from './visitors.ts';

/** Characters of one page of a list: in UTF-8 they stay below the limit of a frame. */
const PAGE_LENGTH_MAX = 2 * 1024 * 1024;

type Handler = (
  args: readonly unknown[],
  bytes: Uint8Array,
  cancel: AbortSignal,
  caller: Caller,
) => Answer | Promise<Answer>;

export function requestTable(children: Children, visitors: Visiting, endIfEmpty: () => boolean) {
  const { join, keyboard, window, type } = seatRequests(visitors);
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
    join: (args, bytes, _, caller) => join(args, bytes, caller),
    keyboard: (args, bytes, _, caller) => keyboard(args, bytes, caller),
    window: (args, bytes, _, caller) => window(args, bytes, caller),
    type: (args, bytes, _, caller) => type(args, bytes, caller),
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
