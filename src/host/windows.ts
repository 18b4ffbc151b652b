/** Sizes of a terminal by byte of its output: with them its screen can be drawn again. */
import type { Window } from './port.ts';

/** Sizes that are remembered; a screen that is drawn again from further back than that has the wrong ones. */
const WINDOWS_MAX = 200;

/** Of several sizes without output between them the last one counts. */
export const withWindow = (windows: readonly Window[], window: Window): readonly Window[] =>
  [...windows.filter(({ at }) => at < window.at), window].slice(-WINDOWS_MAX);
