/**
 * A small registrar for trying out and for tests: registers agents and tasks, verifies what they sign, lets tasks end and
 * takes them back. It keeps everything in memory. Its answers to a request that comes again are found by its key.
 */
import { randomUUID } from 'node:crypto';
import { type Context, Hono } from 'hono';
import { assertionHeader, parseAssertion, signedText } from './assertion.ts';
import { publicKeyOf, sealTo, signedBy } from './key.ts';

/** How far a signed timestamp may be from our clock: that of another machine, and a request that waits. */
const skewMsMax = 5 * 60_000;

export interface RegistrarOptions {
  /** Bearer token → the account it is of; absent: no token is asked for. */
  readonly tokens?: Readonly<Record<string, string>>;
  /** How long a task is good for; absent: for ever. */
  readonly ttlMs?: number;
  /** Task ids go out in sealed boxes. */
  readonly sealed?: boolean;
  /** Every answer comes so late: for trying out slow networks and engines that are killed. */
  readonly delayMs?: number;
  readonly now?: () => number;
}

interface Agent {
  readonly runtimeId: string;
  readonly accountId: string;
  readonly publicKey: string;
  revoked: boolean;
}

interface Task {
  readonly taskId: string;
  readonly runtimeId: string;
  readonly expiresAt: number;
  revoked: boolean;
}

/** Who an assertion speaks for. */
export interface Bearer {
  readonly runtimeId: string;
  readonly taskId: string;
  readonly accountId: string;
}

type Rejection = { readonly error: string };

export class RegistrarServer {
  readonly app: Hono;
  readonly agents = new Map<string, Agent>();
  readonly tasks = new Map<string, Task>();
  /** Requests for tasks that were carried out, a request that comes again not counted. */
  registrations = 0;
  /** Requests that have come, answered or not. */
  heard = 0;
  readonly #options: RegistrarOptions;
  readonly #now: () => number;
  /** Account and key of a request → what it gave. */
  readonly #given = new Map<string, string>();

  constructor(options: RegistrarOptions = {}) {
    this.#options = options;
    this.#now = options.now ?? Date.now;
    const { delayMs = 0 } = options;
    this.app = new Hono()
      .use(async (_c, next) => {
        this.heard += 1;
        await next();
        if (delayMs > 0) await new Promise((resolve) => setTimeout(resolve, delayMs));
      })
      .post('/v1/agent/register', (c) => this.#registerAgent(c))
      .post('/v1/agent/:runtime/task/register', (c) => this.#registerTask(c))
      .get('/v1/whoami', (c) => this.#whoAmI(c))
      .get('/v1/tasks', (c) => this.#list(c))
      .delete('/v1/agent/:runtime', (c) => this.#revoke(c, this.agents.get(c.req.param('runtime') ?? '')))
      .delete('/v1/task/:task', (c) => this.#revoke(c, this.tasks.get(c.req.param('task') ?? '')));
  }

  /** The account of a request; undefined where its token is not good. */
  #account(c: Context): string | undefined {
    const { tokens } = this.#options;
    if (tokens === undefined) return c.req.header('holdfast-account') ?? 'default';
    const token = /^Bearer (.+)$/.exec(c.req.header('authorization') ?? '')?.[1] ?? '';
    return Object.hasOwn(tokens, token) ? tokens[token] : undefined;
  }

  async #registerAgent(c: Context): Promise<Response> {
    const accountId = this.#account(c);
    if (accountId === undefined) return c.json({ error: 'this token is not known here' }, 401);
    const { agent_public_key: publicKey } = await bodyOf(c);
    if (typeof publicKey !== 'string' || publicKeyOf(publicKey) === undefined)
      return c.json({ error: 'agent_public_key is no ssh-ed25519 key' }, 400);
    const asked = this.#asked(c, accountId);
    const before = this.agents.get(this.#given.get(asked) ?? '');
    if (before !== undefined && before.publicKey !== publicKey)
      return c.json({ error: 'this idempotency key came with another public key' }, 422);
    const agent = before ?? { runtimeId: `runtime-${randomUUID()}`, accountId, publicKey, revoked: false };
    this.agents.set(agent.runtimeId, agent);
    this.#given.set(asked, agent.runtimeId);
    return c.json({ agent_runtime_id: agent.runtimeId });
  }

  async #registerTask(c: Context): Promise<Response> {
    const accountId = this.#account(c);
    if (accountId === undefined) return c.json({ error: 'this token is not known here' }, 401);
    const agent = this.agents.get(c.req.param('runtime') ?? '');
    if (agent === undefined || agent.revoked || agent.accountId !== accountId)
      return c.json({ error: 'this account has no such agent' }, 403);
    const { timestamp, signature } = await bodyOf(c);
    if (typeof timestamp !== 'string' || typeof signature !== 'string' || !this.#fresh(timestamp))
      return c.json({ error: 'timestamp or signature is missing, or too far from now' }, 401);
    if (!signedBy(agent.publicKey, `${agent.runtimeId}:${timestamp}`, signature))
      return c.json({ error: 'the signature is not that of this agent' }, 401);
    const task = this.#task(agent, this.#asked(c, agent.runtimeId));
    const id = this.#options.sealed
      ? { encrypted_task_id: await sealTo(agent.publicKey, task.taskId) }
      : { task_id: task.taskId };
    const seconds = Math.floor((task.expiresAt - this.#now()) / 1000);
    return c.json(Number.isFinite(seconds) ? { ...id, expires_in: seconds } : id);
  }

  /** A request that comes again gets its task, as long as that one is good. */
  #task({ runtimeId }: Agent, asked: string): Task {
    const before = this.tasks.get(this.#given.get(asked) ?? '');
    if (before !== undefined && this.#isGood(before)) return before;
    const expiresAt = this.#now() + (this.#options.ttlMs ?? Number.POSITIVE_INFINITY);
    const task = { taskId: `task-${randomUUID()}`, runtimeId, expiresAt, revoked: false };
    this.registrations += 1;
    this.tasks.set(task.taskId, task);
    this.#given.set(asked, task.taskId);
    return task;
  }

  #isGood({ revoked, expiresAt }: Task): boolean {
    return !revoked && expiresAt > this.#now();
  }

  #fresh(timestamp: string): boolean {
    return Math.abs(Date.parse(timestamp) - this.#now()) <= skewMsMax;
  }

  #asked(c: Context, of: string): string {
    return `${of} ${c.req.header('idempotency-key') ?? randomUUID()}`;
  }

  /** What a server does with the assertion of a request it gets. */
  verify(assertion: string): Bearer | Rejection {
    const parsed = parseAssertion(assertion);
    if (parsed === undefined) return { error: 'this is no assertion' };
    const { agent_runtime_id: runtimeId, task_id: taskId, timestamp, signature } = parsed;
    const agent = this.agents.get(runtimeId);
    if (agent === undefined || agent.revoked) return { error: 'there is no such agent' };
    const task = this.tasks.get(taskId);
    if (task === undefined || task.runtimeId !== runtimeId) return { error: 'this agent has no such task' };
    if (!this.#isGood(task)) return { error: task.revoked ? 'this task was revoked' : 'this task is over' };
    if (!this.#fresh(timestamp)) return { error: 'the timestamp is too far from now' };
    if (!signedBy(agent.publicKey, signedText(runtimeId, taskId, timestamp), signature))
      return { error: 'the signature is not that of this agent' };
    return { runtimeId, taskId, accountId: agent.accountId };
  }

  /** As a header of its own, or as the scheme of `Authorization`. */
  #whoAmI(c: Context): Response {
    const scheme = new RegExp(`^${assertionHeader} (.+)$`).exec(c.req.header('authorization') ?? '');
    const bearer = this.verify(c.req.header(assertionHeader) ?? scheme?.[1] ?? '');
    if ('error' in bearer) return c.json(bearer, 401);
    const { runtimeId, taskId, accountId } = bearer;
    return c.json({ agent_runtime_id: runtimeId, task_id: taskId, account: accountId });
  }

  #list(c: Context): Response {
    const accountId = this.#account(c);
    if (accountId === undefined) return c.json({ error: 'this token is not known here' }, 401);
    const own = [...this.tasks.values()].filter((task) => this.agents.get(task.runtimeId)?.accountId === accountId);
    return c.json(
      own.map((task) => ({
        task_id: task.taskId,
        agent_runtime_id: task.runtimeId,
        is: this.#isGood(task) ? 'good' : task.revoked ? 'revoked' : 'over',
      })),
    );
  }

  #revoke(c: Context, what: Agent | Task | undefined): Response {
    const accountId = this.#account(c);
    const agent = what === undefined || 'accountId' in what ? what : this.agents.get(what.runtimeId);
    if (accountId === undefined) return c.json({ error: 'this token is not known here' }, 401);
    if (what === undefined || agent?.accountId !== accountId)
      return c.json({ error: 'this account has no such agent or task' }, 404);
    what.revoked = true;
    return c.json({ revoked: true });
  }
}

async function bodyOf(c: Context): Promise<Readonly<Record<string, unknown>>> {
  const body: unknown = await c.req.json().catch(() => ({}));
  return typeof body === 'object' && body !== null ? (body as Record<string, unknown>) : {};
}
