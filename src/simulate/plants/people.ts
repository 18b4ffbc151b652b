/** Planted defects of terminals: keys of those who only watch, keyboards of those who are gone, sizes and typing that are lost. */
import type { Visiting } from '../../host/visitors.ts';
import type { Plant } from './plant.ts';

export const peoplePlants: Readonly<Record<string, Plant>> = {
  'keys-of-watchers': {
    says: "whoever types has the keyboard, also when it is somebody else's",
    visitors: (visitors) => ({
      ...visiting(visitors),
      type: (processId, seat, bytes) => {
        visitors.keyboard(processId, seat, 'take');
        return visitors.type(processId, seat, bytes);
      },
    }),
  },
  'keyboard-of-the-gone': {
    says: 'who vanishes takes the keyboard along',
    visitors: (visitors) => ({ ...visiting(visitors), leave: () => {} }),
  },
  'size-told-and-dropped': {
    says: 'a window that gets smaller is acknowledged, and the terminal stays as it was',
    visitors: (visitors, terminals) => ({
      ...visiting(visitors),
      window: (processId, seat, cols, rows) => {
        const child = terminals.live(processId);
        const smaller = cols < (child?.windows.at(-1)?.cols ?? 0);
        if (smaller && child?.keyboard.isHeldBy(seat) === true) return true;
        return visitors.window(processId, seat, cols, rows);
      },
    }),
  },
  'typing-kept-late': {
    says: 'what is typed is on disk only when its line has ended',
    visitors: (visitors, terminals) => ({
      ...visiting(visitors),
      type: (processId, seat, bytes) => {
        const child = terminals.live(processId);
        const keep = child?.keep;
        if (child !== undefined && !bytes.includes(10)) child.keep = () => {};
        try {
          return visitors.type(processId, seat, bytes);
        } finally {
          if (child !== undefined) child.keep = keep!;
        }
      },
    }),
  },
};

/** All that people can do, as it is. */
const visiting = (visitors: Visiting): Visiting => ({
  join: (processId, seat) => visitors.join(processId, seat),
  leave: (processId, seat) => visitors.leave(processId, seat),
  keyboard: (processId, seat, how) => visitors.keyboard(processId, seat, how),
  window: (processId, seat, cols, rows) => visitors.window(processId, seat, cols, rows),
  type: (processId, seat, bytes) => visitors.type(processId, seat, bytes),
});
