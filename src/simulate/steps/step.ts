/** One kind of step of a history: how often it comes, what it is drawn as, how a person reads it, and what it does. */
import type { Command } from '../../decide/command.ts';
import type { Driver } from '../driver.ts';
import type { Random } from '../random.ts';

interface Drawn<S> {
  /** How often it is drawn, beside the other kinds. */
  readonly weight: number;
  /** Of 100 histories: those without it, and those in which it comes `times` as often. */
  readonly without?: number;
  readonly often?: { readonly percent: number; readonly times: number };
  readonly draw: (r: Random) => S;
  readonly says: (step: S) => string;
  /** Simpler steps of its kind, for a history that is being shortened. */
  readonly plainer?: (step: S) => readonly S[];
}

/** Somebody asks the engine for something, sometimes under a key; `idOf` gives the agent that a drawn target means. */
export interface Asking<S> extends Drawn<S> {
  readonly command: (step: S, idOf: (target: string) => string) => Command;
}

/** Something happens to the world: nobody is answered. */
export interface Happening<S> extends Drawn<S> {
  readonly happen: (driver: Driver, step: S) => Promise<void> | void;
}

export type StepKind<S> = Asking<S> | Happening<S>;

export const asking = <S>(kind: Asking<S>): Asking<S> => kind;
export const happening = <S>(kind: Happening<S>): Happening<S> => kind;
