/** A fleet that lives without a machine and is registered with a real registrar, asked through its own HTTP interface. */

import type { NewFleet } from '../../src/engine/life.ts';
import { Failure } from '../../src/failure.ts';
import { assertionHeader } from '../../src/identity/assertion.ts';
import { httpRegistrar } from '../../src/identity/http.ts';
import { newKey, signerOf } from '../../src/identity/key.ts';
import type { Account, IdentityPorts, Keys, Signer } from '../../src/identity/port.ts';
import { type RegistrarOptions, RegistrarServer } from '../../src/identity/server.ts';
import { type Sampling, taskRejectedCode } from '../../src/models/port.ts';
import { Living, quiet, Talk } from '../rules/living.ts';

export type Given = Partial<NewFleet['file']>;

/** A key file in memory. */
export class PaperKeys implements Keys {
  held: { readonly registration: string; readonly signer: Signer } | undefined;

  look() {
    return this.held === undefined
      ? ({ is: 'missing' } as const)
      : ({ is: 'sound', signer: this.held.signer } as const);
  }

  create(registration: string): Signer {
    if (this.held?.registration !== registration) this.held = { registration, signer: signerOf(newKey()) };
    return this.held.signer;
  }
}

/** A model behind the registrar's check of assertions, as a server would make it. */
class CheckedTalk extends Talk {
  readonly #server: () => RegistrarServer;
  /** What each sampling showed. */
  readonly shown: ReturnType<RegistrarServer['verify']>[] = [];

  constructor(server: () => RegistrarServer) {
    super();
    this.#server = server;
  }

  override sample(request: Sampling, signal: AbortSignal) {
    const bearer = this.#server().verify(request.headers?.[assertionHeader] ?? '');
    this.shown.push(bearer);
    if ('error' in bearer) return Promise.reject(new Failure(taskRejectedCode, `401: ${bearer.error}`));
    return super.sample(request, signal);
  }
}

export class RegisteredFleet extends Living {
  readonly server: RegistrarServer;
  readonly keys = new PaperKeys();
  account: Account = { accountId: 'a', token: 'token of a' };
  /** Requests that are held back until they are let go. */
  readonly heldBack: (() => void)[] = [];
  /** Paths of all requests, in order. */
  readonly requests: string[] = [];
  holding = false;
  /** Requests that came and have no answer, and the most there ever were. */
  pending = 0;
  pendingMax = 0;
  down = false;

  constructor(options: RegistrarOptions = {}) {
    super();
    const tokens = { 'token of a': 'a', 'token of b': 'b' };
    this.server = new RegistrarServer({ tokens, now: () => this.clock.now(), ...options });
    this.talk = new CheckedTalk(() => this.server);
  }

  get checked(): CheckedTalk {
    return this.talk as CheckedTalk;
  }

  get ports(): IdentityPorts {
    const ask = async (url: string | URL | Request, init?: RequestInit): Promise<Response> => {
      this.requests.push(new URL(String(url)).pathname);
      this.pending += 1;
      this.pendingMax = Math.max(this.pendingMax, this.pending);
      try {
        if (this.down) throw new TypeError('fetch failed', { cause: { code: 'ECONNREFUSED' } });
        const answer = await this.server.app.request(String(url), init);
        if (!this.holding) return answer;
        await new Promise<void>((resolve, reject) => {
          this.heldBack.push(resolve);
          init?.signal?.addEventListener('abort', () => reject(init.signal?.reason), { once: true });
        });
        return answer;
      } finally {
        this.pending -= 1;
      }
    };
    const registrar = httpRegistrar({ url: 'http://registrar', version: '0', fetch: ask as typeof fetch });
    return { registrar, keys: this.keys, account: () => this.account };
  }

  open(more: Given = {}, identity: IdentityPorts = this.ports): Promise<this> {
    const file = { models: { script: { kind: 'script' as const } }, roots: [{ prompt: 'go' }], ...more };
    const config = { registrar: 'http' as const, url: 'http://registrar' };
    return this.begin({ identity: config, ...file }, { identity });
  }

  /** Another life, which begins with what is there then. */
  async again(): Promise<void> {
    this.life.hands.stop();
    this.talk = new CheckedTalk(() => this.server);
    await this.begin();
    await quiet();
  }

  letGo(): Promise<void> {
    this.holding = false;
    for (const go of this.heldBack.splice(0)) go();
    return quiet();
  }

  of(type: string) {
    return this.events.filter((event) => event.type === type);
  }

  taskOf(path: string): string | undefined {
    return this.life.state.taskBindings.newest[this.id(path)]?.taskId;
  }
}

export { quiet };
