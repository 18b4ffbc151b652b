/**
 * A model that a server answers for, in one of two dialects. Each sampling is one request and one stream: nothing is
 * asked again here (retries are facts of the log), and a stream that did not come to its end was not received.
 */
import type { OpenAI } from 'openai';
import { Failure } from '../failure.ts';
import { assertionHeader } from '../identity/assertion.ts';
import { baseUrlOf, isOpenai, keyVariableOf, type ServerModel } from './key.ts';
import { type Model, overflowCode, type Sampled, type Sampling } from './port.ts';
import type { After } from './script.ts';
import { type About, failureFrom } from './trouble.ts';

/** Models that think for long may be silent for minutes; the fetch of Node gives up after as long. */
const idleMsDefault = 300_000;

/** For an estimate before a request is made: bytes of JSON per token, as the peer has it. */
export const bytesPerToken = 4;
/** What a picture of a screen costs at most servers. */
const tokensPerImage = 1_500;

export interface Dialect {
  /** The body of the request. `charactersMax`: of a record to be summarised. */
  readonly body: (request: Sampling, charactersMax: number) => object;
  /** What a whole stream says; throws on one that ends before its end. */
  readonly read: (
    client: OpenAI,
    body: object,
    /** Number of the sampling. */
    n: number,
    options: { readonly signal: AbortSignal; readonly headers: Record<string, string | null> },
    /** Called with every event of the stream; `delta`: a piece of what is said. */
    heard: (delta?: string) => void,
  ) => Promise<Sampled>;
  /** Where the body has no place for what the request is about, it goes in a header. */
  readonly headers: (request: Sampling) => Record<string, string>;
}

export interface ServerParts {
  /** Its name in the fleet file. */
  readonly name: string;
  readonly config: ServerModel;
  readonly dialect: Dialect;
  /** Throws HOLDFAST_MODEL_KEY. */
  readonly key: () => string | undefined;
  readonly clock: After & { readonly now: () => number };
}

/** Loaded when a model is first asked: most verbs never do. */
let library: Promise<typeof OpenAI> | undefined;
const load = (): Promise<typeof OpenAI> => (library ??= import('openai').then((loaded) => loaded.OpenAI));

/** Room for input: nine tenths, since the estimate may be wrong, less what the answer may take; half at least. */
const roomOf = ({ contextTokens, maxOutputTokens = 0 }: ServerModel): number =>
  contextTokens === undefined ? Infinity : Math.max(contextTokens / 2, contextTokens * 0.9 - maxOutputTokens);

export function serverModel({ name, config, dialect, key, clock }: ServerParts): Model {
  const baseUrl = baseUrlOf(config);
  const idleMs = config.idleMs ?? idleMsDefault;
  const room = roomOf(config);
  let client: OpenAI | undefined;

  async function opened(): Promise<OpenAI> {
    const Client = await load();
    const organization = isOpenai(config) ? {} : { organization: null, project: null };
    // The key comes with each request; without one the library would look for it itself.
    client ??= new Client({
      baseURL: baseUrl,
      apiKey: 'none',
      maxRetries: 0,
      timeout: idleMs,
      logLevel: 'off',
      ...organization,
    });
    return client;
  }

  async function sample(request: Sampling, signal: AbortSignal, hear?: (delta: string) => void): Promise<Sampled> {
    signal.throwIfAborted();
    const about: About = {
      baseUrl,
      model: config.model ?? name,
      keyFrom: config.keyFile ?? keyVariableOf(config),
      asserted: request.headers?.[assertionHeader] !== undefined,
    };
    const body = dialect.body(request, room * bytesPerToken * 0.8);
    const tokens = tokensOf(body);
    if (tokens > room) throw tooLong(about, tokens, config);
    const secret = key();
    const authorization = secret === undefined ? null : `Bearer ${secret}`;
    const headers = { Authorization: authorization, ...dialect.headers(request), ...request.headers };
    const watch = watched(signal, clock, idleMs);
    const heard = (delta?: string): void => {
      watch.alive();
      if (delta && !watch.signal.aborted) hear?.(delta);
    };
    try {
      const sampled = await dialect.read(await opened(), body, request.n, { signal: watch.signal, headers }, heard);
      watch.signal.throwIfAborted();
      return sampled;
    } catch (error) {
      if (signal.aborted) throw signal.reason;
      if (watch.signal.aborted) throw stalled(about, idleMs);
      throw without(secret, failureFrom(error, about, clock.now()));
    } finally {
      watch.done();
    }
  }
  return { sample };
}

/** An estimate: servers count an image by its size in pixels, whatever its bytes are. */
function tokensOf(body: object): number {
  let images = 0;
  const text = JSON.stringify(body, (_, value: unknown) => {
    if (typeof value !== 'string' || !value.startsWith('data:image/')) return value;
    images += 1;
    return '';
  });
  return Math.ceil(Buffer.byteLength(text) / bytesPerToken) + images * tokensPerImage;
}

const tooLong = ({ model, baseUrl }: About, tokens: number, { contextTokens }: ServerModel): Failure =>
  new Failure(overflowCode, `${model} at ${baseUrl}: about ${tokens} tokens, and its context has ${contextTokens}`);

const stalled = ({ model, baseUrl }: About, idleMs: number): Failure =>
  new Failure('HOLDFAST_MODEL_STALLED', `${model} at ${baseUrl}: nothing came for ${idleMs / 1000} s`, {
    retryable: true,
  });

/** Servers quote what they were sent: a key goes into no error. */
function without(key: string | undefined, failure: Failure): Failure {
  if (key === undefined || !failure.message.includes(key)) return failure;
  const { code, remedy, details, retryable } = failure;
  const message = failure.message.replaceAll(key, '[key]');
  return new Failure(code, message, { details, retryable, ...(remedy !== undefined && { remedy }) });
}

/** Aborted with the outer signal, or when nobody says `alive` for `idleMs`. */
function watched(signal: AbortSignal, clock: After, idleMs: number) {
  const controller = new AbortController();
  const abort = () => controller.abort(signal.reason);
  const wait = () => clock.after(idleMs, () => controller.abort());
  signal.addEventListener('abort', abort, { once: true });
  let cancel = wait();
  return {
    signal: controller.signal,
    alive: () => {
      cancel();
      cancel = wait();
    },
    done: () => {
      cancel();
      signal.removeEventListener('abort', abort);
    },
  };
}
