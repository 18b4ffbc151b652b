/** A checker looks at each event before the picture knows it, and at the picture after each batch; it throws a `Violation`. */
import type { HoldfastEvent } from '../../../events/catalogue.ts';
import type { Picture } from './picture.ts';

export interface Checker {
  readonly before?: (picture: Picture, event: HoldfastEvent) => void;
  readonly after?: (picture: Picture, batch: readonly HoldfastEvent[]) => void;
}
