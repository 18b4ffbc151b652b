/** What people do at the terminals of processes, past the engine: they type, whether it runs or not. */
import { happening } from './step.ts';

/** `nth` of the terminals that are open then. */
export interface TypeAt {
  readonly nth: number;
  readonly text: string;
}

export const terminalSteps = {
  type: happening<TypeAt>({
    weight: 3,
    without: 60,
    often: { percent: 20, times: 6 },
    draw: (r) => ({ nth: r.below(4), text: r.pick(['y\n', 'ls', 'word\n', '\u0003']) }),
    says: ({ nth, text }) => `type ${JSON.stringify(text)} at terminal ${nth}`,
    happen: ({ world: { hosts } }, { nth, text }) => {
      const { terminals } = hosts;
      if (terminals.length > 0) hosts.type(terminals[nth % terminals.length]!, Buffer.from(text));
    },
  }),
};
