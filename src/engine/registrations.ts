/**
 * Asks the registrar for identities and tasks, and signs for whoever is bound. What comes of it goes back as a command;
 * each attempt takes one look at the account and the key and uses nothing else (TB3).
 */
import type { State } from '../../projections/state.ts';
import { bindingOf } from '../../projections/taskBindings.ts';
import { Failure } from '../failure.ts';
import { assertionHeader, assertionOf, parseAssertion } from '../identity/assertion.ts';
import type { IdentityPorts } from '../identity/port.ts';
import { KeyAtHand } from './atHand.ts';
import type { Clock } from './clock.ts';
import type { Engine } from './engine.ts';
import { letGo } from './letGo.ts';
import type { Secrets } from './secrets.ts';
import { Timers } from './timers.ts';

/** As long as the peer waits for each request to its backend. */
const requestMs = 15_000;
/** A renewal is begun so long before the end, or after half of a shorter life: time for a few requests that fail. */
const renewBeforeMs = 60_000;
/** A renewal that finds all places taken asks again. */
const renewAgainMs = 1_000;

const tooLate = (): Failure =>
  new Failure('HOLDFAST_REGISTRAR_TIMEOUT', `the registrar did not answer within ${requestMs / 1000} s`, {
    remedy: 'see whether it runs and can be reached from here',
    retryable: true,
  });

/** For the log and for people: what went wrong and what to do. */
export const withRemedy = (error: unknown): string => {
  if (!(error instanceof Failure)) return error instanceof Error ? error.message : String(error);
  return error.remedy === undefined ? error.message : `${error.message}; ${error.remedy}`;
};

export interface Credentials {
  readonly headers: Readonly<Record<string, string>>;
  readonly binding: { readonly taskId: string; readonly identityEpoch: number };
}

/** Whoever was shown them may quote them: neither an assertion nor its signature goes to the log (TB7). */
export function withoutCredentials(text: string, credentials: Credentials | undefined): string {
  const assertion = credentials?.headers[assertionHeader];
  if (assertion === undefined) return text;
  const signature = parseAssertion(assertion)?.signature ?? assertion;
  return text.replaceAll(assertion, '[assertion]').replaceAll(signature, '[signature]');
}

export interface RegistrationParts {
  readonly engine: Engine;
  readonly clock: Clock;
  readonly ports: IdentityPorts;
  readonly secrets?: Secrets;
}

export class Registrations {
  readonly #parts: RegistrationParts;
  readonly #state: State;
  readonly #timers: Timers;
  readonly #underWay = new Map<string, AbortController>();
  readonly #key: KeyAtHand;
  #stopped = false;

  constructor(parts: RegistrationParts) {
    this.#parts = parts;
    this.#state = parts.engine.state;
    this.#timers = new Timers(parts.clock);
    this.#key = new KeyAtHand(parts.ports);
  }

  stop(): void {
    this.#stopped = true;
    this.#timers.stop();
    for (const controller of this.#underWay.values()) controller.abort(letGo);
    this.#underWay.clear();
  }

  giveUp(key: string): void {
    this.#underWay.get(key)?.abort(letGo);
    this.#underWay.delete(key);
  }

  async registerIdentity(key: string): Promise<void> {
    if (this.#stopped || this.#state.identities.registering?.key !== key) return;
    const { engine, ports } = this.#parts;
    try {
      const account = ports.account();
      const signer = ports.keys.create(key);
      const { publicKey } = signer;
      const { runtimeId } = await this.#inTime(key, (signal) =>
        ports.registrar.registerAgent({ key, account, signer }, signal),
      );
      const accountNow = ports.account().accountId;
      this.#key.keep(signer);
      this.#tell(() =>
        engine.report({
          do: 'identityRegistered',
          ...{ key, runtimeId, accountId: account.accountId, publicKey, accountNow },
        }),
      );
    } catch (error) {
      this.#tell(() => engine.report({ do: 'identityRegistrationFailed', key, error: withRemedy(error) }));
    }
  }

  async registerTask(agentId: string, key: string): Promise<void> {
    const { current } = this.#state.identities;
    if (this.#stopped || current === undefined || this.#state.taskBindings.registering[agentId]?.key !== key) return;
    const { engine, ports, clock, secrets } = this.#parts;
    const { identityEpoch } = current;
    try {
      const account = ports.account();
      const atHand = this.#key.of(current, account.accountId);
      if ('reason' in atHand) {
        engine.report({ do: 'identityLost', identityEpoch, ...atHand, agentId });
        return;
      }
      const { signer } = atHand;
      const runtimeId = secrets?.reveal(current.runtimeId) ?? current.runtimeId;
      const { taskId, ttlMs } = await this.#inTime(key, (signal) =>
        ports.registrar.registerTask({ key, account, signer, runtimeId, at: clock.now() }, signal),
      );
      const expiry = ttlMs === undefined ? {} : { expiresAt: clock.now() + ttlMs };
      const accountNow = ports.account().accountId;
      this.#tell(() => engine.report({ do: 'taskRegistered', agentId, key, taskId, accountNow, ...expiry }));
    } catch (error) {
      const rejected = error instanceof Failure && error.code === 'HOLDFAST_REGISTRAR_REJECTED';
      this.#tell(() =>
        engine.report({ do: 'taskRegistrationFailed', agentId, key, error: withRemedy(error), rejected }),
      );
    }
  }

  renew(agentId: string): void {
    const { expiresAt, at } = bindingOf(this.#state, agentId) ?? {};
    if (this.#stopped || expiresAt === undefined || at === undefined) return;
    const time = Math.max(expiresAt - renewBeforeMs, (expiresAt + at) / 2);
    this.#timers.at(agentId, time, () => this.#renew(agentId));
  }

  #renew(agentId: string): void {
    const { engine, clock } = this.#parts;
    const binding = bindingOf(this.#state, agentId);
    if (binding === undefined) return;
    const { taskId, identityEpoch } = binding;
    engine
      .submit<{ again?: boolean }>({ do: 'renewTask', agentId, taskId, identityEpoch })
      .then((answer) => {
        const again = answer.ok && answer.answer.again === true && !this.#stopped;
        if (again) this.#timers.at(agentId, clock.now() + renewAgainMs, () => this.#renew(agentId));
      })
      .catch(() => {});
  }

  /**
   * For a request that this turn is about to make. Undefined when the turn has to wait for another binding first; that
   * has been asked for. Throws a Failure where the key cannot be read.
   */
  credentials(agentId: string, turnId: string): Credentials | undefined {
    const { engine, clock, ports, secrets } = this.#parts;
    const binding = bindingOf(this.#state, agentId);
    if (binding === undefined) return undefined;
    const { taskId, runtimeId, identityEpoch, expiresAt } = binding;
    if (expiresAt !== undefined && expiresAt <= clock.now()) {
      engine.report({ do: 'taskExpired', agentId, taskId, identityEpoch });
      return undefined;
    }
    const atHand = this.#key.of(this.#state.identities.current!, ports.account().accountId);
    if ('reason' in atHand) {
      engine.report({ do: 'identityLost', identityEpoch, ...atHand, agentId, turnId });
      return undefined;
    }
    const of = { runtimeId, taskId };
    const assertion = assertionOf(atHand.signer, secrets?.revealIn(of) ?? of, clock.now());
    return { headers: { [assertionHeader]: assertion }, binding: { taskId, identityEpoch } };
  }

  async #inTime<A>(key: string, ask: (signal: AbortSignal) => Promise<A>): Promise<A> {
    const controller = new AbortController();
    const cancel = this.#parts.clock.after(requestMs, () => controller.abort(tooLate()));
    this.#underWay.set(key, controller);
    try {
      return await ask(controller.signal);
    } finally {
      cancel();
      if (this.#underWay.get(key) === controller) this.#underWay.delete(key);
    }
  }

  #tell(report: () => void): void {
    if (!this.#stopped) report();
  }
}
