/** What servers say when they do not answer, told as failures: what it was, whether to ask again, and when. */
import { APIConnectionError, APIError } from 'openai/core/error';
import { Failure } from '../failure.ts';
import { overflowCode, taskRejectedCode } from './port.ts';

export interface About {
  readonly baseUrl: string;
  /** What the server calls the model. */
  readonly model: string;
  /** Where the key comes from, for people. */
  readonly keyFrom: string;
  /** The request carried the assertion of a task. */
  readonly asserted: boolean;
}

export interface Trouble {
  readonly status?: number;
  readonly code?: string;
  readonly message: string;
  readonly retryAfterMs?: number;
}

/** Enough for a sentence of a server, not for the page of a proxy (characters). */
const messageMax = 600;

/** How servers say that a request is longer than what the model can read: OpenAI, vLLM, llama.cpp, LM Studio, Mistral, Gemini, Anthropic. */
const overflow =
  /context_length_exceeded|exceed_context_size|maximum context length|context (?:window|length|size)|input token count|prompt is too long|prompt contains \d+ tokens|too many tokens|reduce the length of (?:the messages|your prompt|the input)/i;
/** A limit per minute is over soon; one on the account is not. */
const limited = /rate.?limit|tokens per min|too many requests/i;
const exhausted = /insufficient_quota|billing|quota.*exceeded|credit balance/i;
/** Told within an answer, without a status. */
const forGood = /invalid|unsupported|not_found|policy|content_filter/i;

export function failureOf(trouble: Trouble, about: About): Failure {
  const { status, code, retryAfterMs } = trouble;
  const said = trouble.message.replace(/\s+/g, ' ').trim().slice(0, messageMax);
  const text = `${about.model} at ${about.baseUrl}: ${status === undefined ? '' : `${status} `}${said}`;
  const details = { ...(status !== undefined && { status }), ...(code !== undefined && { code }) };
  const all = `${code ?? ''} ${said}`;
  const no = (kind: string, remedy: string) => new Failure(kind, `${text} (${remedy})`, { remedy, details });
  const again = () =>
    new Failure('HOLDFAST_MODEL_FAILED', text, {
      retryable: true,
      details: { ...details, ...(retryAfterMs !== undefined && { retryAfterMs }) },
    });
  if (status === 401 || status === 403) {
    if (about.asserted) return new Failure(taskRejectedCode, text, { details });
    return no('HOLDFAST_MODEL_KEY', `check the key in ${about.keyFrom}`);
  }
  if (exhausted.test(all)) return no('HOLDFAST_MODEL_REFUSED', 'the account of this key cannot pay for more');
  if (limited.test(all) || status === 429) return again();
  if (overflow.test(all)) return new Failure(overflowCode, text, { details });
  if (status === 404) return no('HOLDFAST_MODEL_UNKNOWN', 'check the name of the model and the base URL');
  if (status === 408 || status === 409 || status === 425 || (status !== undefined && status >= 500)) return again();
  if (status !== undefined || forGood.test(code ?? '')) return new Failure('HOLDFAST_MODEL_REFUSED', text, { details });
  return again();
}

/** `retry-after-ms`, or `retry-after` in seconds or as a date. */
function retryAfter(headers: Headers | undefined, now: number): Pick<Trouble, 'retryAfterMs'> {
  const ms = Number(headers?.get('retry-after-ms') ?? Number.NaN);
  if (ms >= 0) return { retryAfterMs: ms };
  const given = headers?.get('retry-after') ?? '';
  const seconds = given === '' ? Number.NaN : Number(given);
  const until = Number.isNaN(seconds) ? Date.parse(given) - now : seconds * 1000;
  return until >= 0 ? { retryAfterMs: Math.ceil(until) } : {};
}

const deepest = (error: unknown): string => {
  const { cause, code, message } = error as { cause?: unknown; code?: unknown; message?: string };
  return cause instanceof Error ? deepest(cause) : typeof code === 'string' ? code : (message ?? String(error));
};

/** What a server says in the middle of its answer. */
export class SaidInside extends Error {
  readonly code: string | undefined;
  constructor(code: string | null | undefined, message: string) {
    super(message);
    this.code = code ?? undefined;
  }
}

/** An error of the client library, or of reading a stream, as a failure. */
export function failureFrom(error: unknown, about: About, now: number): Failure {
  if (error instanceof Failure) return error;
  if (error instanceof SaidInside)
    return failureOf({ message: error.message, ...(error.code !== undefined && { code: error.code }) }, about);
  if (error instanceof APIConnectionError) {
    const what = deepest(error);
    const remedy = 'is the server running there?';
    return new Failure('HOLDFAST_MODEL_UNREACHABLE', `no answer from ${about.baseUrl} (${what}): ${remedy}`, {
      remedy,
      retryable: true,
      cause: error,
    });
  }
  if (error instanceof APIError) {
    const code = error.code ?? error.type;
    return failureOf(
      {
        message: error.message.replace(/^\d{3} /, ''),
        ...(error.status !== undefined && { status: error.status }),
        ...(typeof code === 'string' && { code }),
        ...retryAfter(error.headers, now),
      },
      about,
    );
  }
  return new Failure(
    'HOLDFAST_MODEL_FAILED',
    `${about.model} at ${about.baseUrl}: the answer broke off (${deepest(error)})`,
    {
      retryable: true,
      cause: error,
    },
  );
}
