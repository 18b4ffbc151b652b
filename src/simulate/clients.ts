/** Clients of the world: programs that come, call tools as a root, change their minds, go, and come back after a crash. */
import type { HoldfastEvent } from '../../events/catalogue.ts';
import type { CallResult } from '../engine/clientDoor.ts';
import type { Life } from '../engine/life.ts';
import type { AskClient, Peer } from '../models/peer.ts';
import type { Model, Sampled, Sampling } from '../models/port.ts';
import type { ElicitationChecker } from './check/elicitations.ts';
import { holds } from './check/violation.ts';
import { Elicited } from './elicited.ts';
import { mix, Random } from './random.ts';
import type { Known, ModelTemper } from './says.ts';
import { saysOf } from './says.ts';
import type { Schedule } from './schedule.ts';

/** Two of one name, as two windows of one editor; one answers for its agents itself. */
const names = ['codex', 'codex', 'claude'] as const;
export const clientsMax = names.length;
/** Who of them does. */
export const answering = 2;

/** A model that is reached through the client of the agent's root, as a real one is. */
export const throughClient = (model: Model, ask: AskClient): Model => ({
  ...(model.release && { release: (agentId) => model.release!(agentId) }),
  sample: (request, signal) => ask(request.rootId, 'sampling/createMessage', request, signal) as Promise<Sampled>,
});

interface Present {
  readonly connectionId: string;
  readonly life: Life;
  /** Answered: the root it acts as. */
  agentId: string | undefined;
  readonly open: Set<string>;
  /** Its person, where it can ask one. */
  readonly elicited: Elicited | undefined;
  /** Mail it was given → position of the result that it came with. */
  readonly given: Map<string, number>;
}

export interface ClientWorld {
  readonly newId: () => string;
  readonly events: () => readonly HoldfastEvent[];
  /** Events that are durable. */
  readonly position: () => number;
  readonly judge: (check: () => void) => void;
  readonly known: () => Known;
  readonly seed: number;
  readonly schedule: Schedule;
  /** Tools that they call more often than others. */
  readonly likes: ModelTemper['likes'];
  /** What people at clients are asked. */
  readonly elicitations: ElicitationChecker;
  /** A client as a planted defect has it. */
  readonly peer: (peer: Peer) => Peer;
  /** What a client's own model says. */
  readonly answers: (request: Sampling, signal: AbortSignal) => Promise<Sampled>;
}

export class WorldClients {
  readonly #world: ClientWorld;
  readonly #present = new Map<number, Present>();

  constructor(world: ClientWorld) {
    this.#world = world;
  }

  come(who: number, life: Life): void {
    if (this.#present.has(who)) return;
    const { newId, judge, events, position } = this.#world;
    const connectionId = newId();
    const elicits = new Random(mix(this.#world.seed, 'elicits', who)).chance(60);
    const elicited = elicits ? new Elicited(this.#world, connectionId) : undefined;
    const present: Present = { connectionId, life, agentId: undefined, open: new Set(), elicited, given: new Map() };
    this.#present.set(who, present);
    const answers = who === answering && { model: 'client', sampling: 'tools' as const };
    const joining = { connectionId, name: names[who % clientsMax]!, software: 'a client of the world', cwd: '/work' };
    const ask: Peer['ask'] = (method, request, signal) =>
      method === 'elicitation/create'
        ? elicited!.ask(request as Parameters<Elicited['ask']>[0], signal)
        : this.#world.answers(request as Sampling, signal);
    life.clients.join({ ...joining, ...answers }, this.#world.peer({ elicits, ask })).then(
      (answer) =>
        this.#here(who, present) &&
        judge(() => {
          if (!answer.ok) return;
          const { agentId } = answer.answer;
          present.agentId = agentId;
          const joined = events().some((e) => e.type === 'ClientJoined' && e.data.connectionId === connectionId);
          holds(joined, 'LO1', position(), () => 'a client is told that it has joined, and that is not durable');
          const other = [...this.#present.values()].find((p) => p !== present && p.agentId === agentId);
          holds(other === undefined, 'MC1', position(), () => `two clients act as the root ${agentId}`);
        }),
      () => {},
    );
  }

  /** A call as a model would make it. */
  call(who: number, chance: number): void {
    const present = this.#present.get(who);
    if (present === undefined) return;
    const { newId, judge, known, likes } = this.#world;
    const item = saysOf(new Random(mix(chance, 'call')), known(), {
      ends: 0,
      absurd: 10,
      ...(likes && { likes }),
    }).find((i) => 'call' in i);
    if (item === undefined || !('call' in item)) return;
    const callId = newId();
    present.open.add(callId);
    present.life.clients.call(present.connectionId, { call: callId, tool: item.call, args: item.args }).then(
      (answer) => {
        present.open.delete(callId);
        if (answer.ok && this.#here(who, present)) judge(() => this.#answered(present, answer.answer));
      },
      () => present.open.delete(callId),
    );
  }

  cancel(who: number, nth: number): void {
    const present = this.#present.get(who);
    if (present === undefined || present.open.size === 0) return;
    const callId = [...present.open][nth % present.open.size]!;
    present.life.clients.cancel(present.connectionId, callId).catch(() => {});
  }

  go(who: number): void {
    const present = this.#present.get(who);
    if (present === undefined) return;
    this.#present.delete(who);
    present.elicited?.leave();
    present.life.clients.leave(present.connectionId, 'gone').catch(() => {});
  }

  /** The engine waits for the world. */
  look(): void {
    for (const { elicited } of this.#present.values())
      if (elicited !== undefined && elicited.standing.length > 0) this.#world.elicitations.stand(elicited.standing);
  }

  /** Nothing is on its way any more. */
  rested(): void {
    this.#world.elicitations.rested();
  }

  isThere(who: number): boolean {
    return this.#present.has(who);
  }

  /** Everybody goes. */
  goAll(): void {
    for (const who of [...this.#present.keys()]) this.go(who);
  }

  /** The engine has died or was stopped: nobody is answered any more. */
  cut(): void {
    for (const { elicited } of this.#present.values()) elicited?.cut();
    this.#world.elicitations.cut();
    this.#present.clear();
  }

  #here(who: number, present: Present): boolean {
    return this.#present.get(who) === present;
  }

  /** MC2, MC3: what a client is told is what the log says, and no mail comes twice while it is there, unless an interruption gave it back. */
  #answered(present: Present, { callId, outcome, mail, position, fields }: CallResult): void {
    const durable = this.#world.position();
    holds(position <= durable, 'LO1', position, () => `the result of call ${callId} is told before it is durable`);
    if (fields?.waits_for === 'person') {
      const asks = this.#world.events().some((e) => e.type === 'ApprovalAsked' && e.data.callId === callId);
      holds(asks && mail.length === 0, 'MC10', position, () => `call ${callId} is put off, and nobody is asked`);
      if (present.elicited) this.#world.elicitations.putOff(present.connectionId, String(fields.approval_id));
      return;
    }
    const end = this.#world.events()[position - 1]!;
    const so = end.type === 'ToolCallEnded' && end.data.callId === callId && end.data.outcome === outcome;
    holds(so, 'MC2', position, () => `call ${callId} is said to have ended ${outcome}, and has not`);
    const goes = this.#world
      .events()
      .flatMap((e) => (e.type === 'MailConsumed' && e.data.callId === callId ? [e.data.mailId as string] : []));
    const told = mail.map(({ mailId }) => mailId);
    holds(
      JSON.stringify(told) === JSON.stringify(goes),
      'MC3',
      position,
      () => `call ${callId} brings mail ${told.join(', ')}, the log says ${goes.join(', ')}`,
    );
    for (const mailId of told) {
      const before = present.given.get(mailId);
      const back = (e: HoldfastEvent) => e.type === 'MailReturned' && e.data.mailId === mailId && e.position > before!;
      const again = before === undefined || this.#world.events().some(back);
      holds(again, 'MC3', position, () => `mail ${mailId} comes a second time`);
      present.given.set(mailId, position);
    }
  }
}
