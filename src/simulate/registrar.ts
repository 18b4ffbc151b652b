/**
 * The registrar of the world, the account that asks it and the key file: they outlive the engine. It is slow, fails,
 * hangs, forgets, takes tasks back; accounts are switched and keys spoilt at any time.
 */
import type { IdentityConfig } from '../../events/fleetFile.ts';
import { Failure } from '../failure.ts';
import { assertionHeader, parseAssertion, signedText } from '../identity/assertion.ts';
import type { AgentRequest, IdentityPorts, KeySeen, Registrar, Signer, TaskRequest } from '../identity/port.ts';
import type { Sampling } from '../models/port.ts';
import type { RegistrarChecker } from './check/registrar.ts';
import { Random } from './random.ts';
import type { Schedule } from './schedule.ts';

/** Of 100 requests each. */
export interface RegistrarTemper {
  readonly slow: number;
  readonly fails: number;
  readonly hangs: number;
  /** How long a task is good for; 0: for ever. */
  readonly ttlMs: number;
  /** It cannot tell that a request comes again. */
  readonly forgets: boolean;
  readonly strict: boolean;
}

export interface WorldTask {
  readonly taskId: string;
  readonly runtimeId: string;
  readonly key: string;
  readonly expiresAt: number;
  revoked: boolean;
}

export interface WorldAgent {
  readonly runtimeId: string;
  readonly accountId: string;
  readonly publicKey: string;
  revoked: boolean;
}

type KeyFile = { readonly registration: string; readonly publicKey: string } | 'missing' | 'damaged';

const tokenOf = (accountId: string): string => `token of ${accountId}`;
const signatureOf = (publicKey: string, text: string): string => `${text} signed with ${publicKey}`;

const signerOf = (publicKey: string): Signer => ({
  publicKey,
  sign: (text) => signatureOf(publicKey, text),
  open: async (sealed) => sealed,
});

export class WorldRegistrar {
  readonly agents = new Map<string, WorldAgent>();
  readonly tasks = new Map<string, WorldTask>();
  readonly #temper: RegistrarTemper;
  readonly #schedule: Schedule;
  readonly #random: Random;
  readonly #checker: RegistrarChecker;
  /** Request → what it gave, as long as the registrar remembers. */
  readonly #given = new Map<string, string>();
  #accounts = 1;
  #keys = 0;
  #file: KeyFile = 'missing';
  #calm = false;

  constructor(parts: { seed: number; temper: RegistrarTemper; schedule: Schedule; checker: RegistrarChecker }) {
    this.#temper = parts.temper;
    this.#schedule = parts.schedule;
    this.#random = new Random(parts.seed);
    this.#checker = parts.checker;
  }

  get config(): IdentityConfig {
    return { registrar: 'local', ...(this.#temper.strict && { strict: true }) };
  }

  get accountId(): string {
    return `account ${this.#accounts}`;
  }

  /** Nothing fails any more. */
  calm(): void {
    this.#calm = true;
  }

  switchAccount(back: boolean): void {
    this.#accounts = back ? 1 : this.#accounts + 1;
  }

  spoilKey(how: 'missing' | 'damaged' | 'foreign'): void {
    this.#file = how === 'foreign' ? this.#newKey('somebody else') : how;
  }

  /** The backend takes back a task, or an agent with all its tasks. */
  revoke(what: 'task' | 'agent'): void {
    const newest = [...this[what === 'task' ? 'tasks' : 'agents'].values()].at(-1);
    if (newest !== undefined) newest.revoked = true;
  }

  #newKey(registration: string): Exclude<KeyFile, string> {
    this.#keys += 1;
    const made = { registration, publicKey: `key ${this.#keys}` };
    this.#file = made;
    return made;
  }

  /** As one life of the engine sees it. */
  ports(life: number): IdentityPorts {
    const registrar: Registrar = {
      registerAgent: (request, signal) =>
        this.#request(life, 'an agent', request, signal, () => ({ runtimeId: this.#agent(request).runtimeId })),
      registerTask: (request, signal) =>
        this.#request(life, 'a task', request, signal, () => {
          const { taskId, expiresAt } = this.#task(request);
          const ttlMs = expiresAt - this.#schedule.now;
          return Number.isFinite(ttlMs) ? { taskId, ttlMs } : { taskId };
        }),
    };
    const account = () => ({ accountId: this.accountId, token: tokenOf(this.accountId) });
    const look = (): KeySeen => {
      const is = this.#file;
      return typeof is === 'string' ? { is } : { is: 'sound', signer: signerOf(is.publicKey) };
    };
    this.#checker.found(account().accountId, look());
    return {
      registrar,
      account,
      keys: {
        look,
        create: (registration) => {
          const is = this.#file;
          const same = typeof is !== 'string' && is.registration === registration;
          return signerOf((same ? is : this.#newKey(registration)).publicKey);
        },
      },
    };
  }

  /** It is heard, whether the engine lives or not; the answer is for this life alone. */
  #request<A>(life: number, what: string, request: AgentRequest, signal: AbortSignal, carryOut: () => A): Promise<A> {
    const { slow, fails, hangs } = this.#calm ? { slow: 0, fails: 0, hangs: 0 } : this.#temper;
    const { key, account } = request;
    this.#checker.asked(request, tokenOf(account.accountId));
    const late = (): number => (this.#random.chance(slow) ? this.#random.between(1, 20_000) : 0);
    return new Promise<A>((resolve, reject) => {
      signal.addEventListener('abort', () => reject(signal.reason), { once: true });
      if (this.#random.chance(hangs)) return;
      const [there, back, fail] = [late(), late(), this.#random.chance(fails)];
      this.#schedule.add(`the registrar hears of ${what}`, there, 'outside', () => {
        let answer: () => void;
        try {
          const given = carryOut();
          answer = fail ? () => reject(away()) : () => resolve(given);
        } catch (error) {
          answer = () => reject(error);
        }
        this.#schedule.add(`an answer about ${what}`, back, life, () => {
          // Who asked has died or given up, perhaps before it was heard.
          if (signal.aborted) return;
          this.#checker.answered(key, this.accountId);
          answer();
        });
      });
    });
  }

  #agent({ key, account, signer }: AgentRequest): WorldAgent {
    const asked = `${account.accountId} ${key} ${signer.publicKey}`;
    const known = this.agents.get(this.#given.get(asked) ?? '');
    if (known !== undefined && !known.revoked) return known;
    const runtimeId = `runtime ${this.agents.size + 1}`;
    const agent = { runtimeId, accountId: account.accountId, publicKey: signer.publicKey, revoked: false };
    this.agents.set(runtimeId, agent);
    if (!this.#temper.forgets) this.#given.set(asked, runtimeId);
    return agent;
  }

  #task({ key, account, signer, runtimeId }: TaskRequest): WorldTask {
    const agent = this.agents.get(runtimeId);
    this.#checker.heard(agent, { runtimeId, accountId: account.accountId, publicKey: signer.publicKey });
    if (agent === undefined || agent.revoked || agent.accountId !== account.accountId) throw refused();
    const known = this.tasks.get(this.#given.get(`${runtimeId} ${key}`) ?? '');
    if (known !== undefined && this.isGood(known.taskId)) return known;
    // A renewal after the other would keep a fleet from coming to rest.
    const ttlMs = this.#calm ? 0 : this.#temper.ttlMs;
    const expiresAt = ttlMs === 0 ? Number.POSITIVE_INFINITY : this.#schedule.now + ttlMs;
    const task = { taskId: `task ${this.tasks.size + 1}`, runtimeId, key, expiresAt, revoked: false };
    this.tasks.set(task.taskId, task);
    if (!this.#temper.forgets) this.#given.set(`${runtimeId} ${key}`, task.taskId);
    return task;
  }

  looksForMs(): number {
    return !this.#calm && this.#random.chance(this.#temper.slow) ? this.#random.between(1, 10_000) : 0;
  }

  isGood(taskId: string): boolean {
    const task = this.tasks.get(taskId);
    const agent = task && this.agents.get(task.runtimeId);
    return task !== undefined && !task.revoked && agent?.revoked === false;
  }

  /** A model looks at what it is shown: it answers only whom the registrar knows. */
  takes({ agentId, path, headers }: Sampling): boolean {
    const assertion = parseAssertion(headers?.[assertionHeader] ?? '');
    if (!this.#checker.shown(agentId, path, assertion) || assertion === undefined) return false;
    const { agent_runtime_id: runtimeId, task_id: taskId, timestamp, signature } = assertion;
    const agent = this.agents.get(runtimeId);
    const signed = signature === signatureOf(agent?.publicKey ?? '', signedText(runtimeId, taskId, timestamp));
    const good = signed && this.tasks.get(taskId)?.runtimeId === runtimeId && this.isGood(taskId);
    if (!good) this.#checker.rejected(taskId);
    return good;
  }
}

const away = (): Failure => new Failure('HOLDFAST_REGISTRAR_FAILED', 'the registrar is not well', { retryable: true });
const refused = (): Failure => new Failure('HOLDFAST_REGISTRAR_REJECTED', 'the registrar does not take this agent');
