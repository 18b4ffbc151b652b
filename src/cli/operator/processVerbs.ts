/**
 * `detach`, `reattach`, `clean`, `stop`: the operator moves and ends processes, through the process that runs the fleet.
 * Ending them works on a log at rest as well: it is opened for that alone, and no turn goes on.
 */
import type { State } from '../../../projections/state.ts';
import type { CommandOf } from '../../decide/command.ts';
import { allLive } from '../../decide/leases.ts';
import { foldLog } from '../../engine/fold.ts';
import { Failure } from '../../failure.ts';
import type { Fleet, Result } from '../../fleet.ts';
import { oneLine } from '../../words/line.ts';
import { reading } from '../opened.ts';
import { acting, commandLine, examples, type Setting, type Verb } from '../setting.ts';
import { act, answerOf, ask, keyOption } from './operate.ts';

const path = ['<path>', 'the agent: a path, NAME:/root/x, or an id'] as const;

const list = (ids: readonly number[]): string => ids.join(', ');

const detachVerb: Verb = (program) => {
  program
    .command('detach')
    .description(
      'take its processes from an agent of a running fleet; they go on, and it can read but not write to them',
    )
    .argument(...path)
    .option(...keyOption)
    .addHelpText('after', examples('detach /root/builder', 'detach NAME:/root/builder'))
    .action(
      acting((setting, target: string, options: { key?: string }) =>
        act<{ path: string; detached: number[] }>(setting, 'detach', { target, ...options }, ({ path, detached }) =>
          detached.length === 0 ? `${path} holds no process` : `detached from ${path}: ${list(detached)}`,
        ),
      ),
    );
};

interface Reattached {
  readonly path: string;
  readonly reattached: number[];
  readonly skipped: readonly { readonly processId: number; readonly why: string; readonly holder?: string }[];
}

const reattachVerb: Verb = (program) => {
  program
    .command('reattach')
    .description('give its detached processes back to an agent of a running fleet, which is loaded if it has to be')
    .argument(...path)
    .argument('[ids...]', 'only these processes')
    .option(...keyOption)
    .addHelpText('after', examples('reattach /root/builder', 'reattach /root/builder 1003 1004'))
    .action(
      acting((setting, target: string, ids: string[], options: { key?: string }) => {
        const only = ids.length === 0 ? undefined : ids.map(processId);
        return act<Reattached>(setting, 'reattach', { target, only, ...options }, ({ path, reattached, skipped }) =>
          [
            reattached.length === 0 ? `${path}: nothing to reattach` : `reattached to ${path}: ${list(reattached)}`,
            ...skipped.map((s) => `${s.processId} is ${s.why}${s.holder === undefined ? '' : ` by ${s.holder}`}`),
          ].join('; '),
        );
      }),
    );
};

const usage = (message: string, verb: string): Failure =>
  new Failure('HOLDFAST_USAGE', message, { remedy: `\`holdfast ${verb} --help\` shows how` });

function processId(text: string): number {
  if (/^\d{1,15}$/.test(text)) return Number(text);
  throw usage(`${text} is no process id: they are numbers, and \`ps\` lists them`, 'ps');
}

/** What still lives after all that could be done. */
function survivors(dir: string, ids: readonly number[]): Failure {
  return new Failure('HOLDFAST_NOT_ENDED', `processes ${list(ids)} have been signalled and still run`, {
    remedy: `\`${commandLine(dir, 'ps')}\` shows them; \`${commandLine(dir, 'doctor')}\` looks at their host`,
    details: { processes: ids },
    retryable: true,
  });
}

interface Ending {
  readonly remaining: readonly number[];
}

const isLive = (state: State, id: number): boolean =>
  state.processes.all[id] !== undefined && state.processes.all[id].end === undefined;

/** On a log at rest: opened only when something of it lives, and no turn goes on meanwhile. */
async function endAtRest<A extends Ending>(
  { dir }: Setting,
  command: CommandOf<'clean'> | CommandOf<'stopProcess'>,
  own: (fleet: Fleet) => Promise<Result<A>>,
): Promise<Result<A>> {
  const { decidedAlone, openAtRest } = await import('./atRest.ts');
  const state = await reading(dir, (log) => foldLog(log));
  const lives = command.do === 'clean' ? allLive(state).length > 0 : isLive(state, command.processId);
  if (!lives) {
    const decision = decidedAlone(state, command);
    if (decision._tag === 'Left') return { ok: false, refusal: decision.left };
    return { ok: true, answer: { ...(decision.right.answer as object), remaining: [] as number[] } as unknown as A };
  }
  const fleet = await openAtRest(dir);
  try {
    return await own(fleet);
  } finally {
    await fleet.stop('opened to end processes');
  }
}

async function end<A extends Ending>(
  setting: Setting,
  command: CommandOf<'clean'> | CommandOf<'stopProcess'>,
  key: string | undefined,
  own: (fleet: Fleet) => Promise<Result<A>>,
  text: (answer: A) => string,
): Promise<void> {
  const { dir, out } = setting;
  const { do: verb, ...args } = command;
  const asked = await ask(dir, verb, { ...args, key });
  const answer = answerOf(asked ?? (await endAtRest(setting, command, own))) as A;
  await out.show(answer, () => [oneLine(text(answer))]);
  if (answer.remaining.length > 0) throw survivors(dir, answer.remaining);
}

interface Cleaned extends Ending {
  readonly path?: string;
  readonly cleaned: readonly number[];
}

const cleanVerb: Verb = (program) => {
  program
    .command('clean')
    .description(
      'end the detached processes of an agent, or of all agents: TERM, then KILL after 2 s; a fleet at rest, too',
    )
    .argument('[path]', 'the agent: a path, NAME:/root/x, or an id')
    .option('--all', 'of all agents')
    .option(...keyOption)
    .addHelpText('after', examples('clean /root/builder', 'clean --all'))
    .action(
      acting((setting, target: string | undefined, { all = false, key }: { all?: boolean; key?: string }) => {
        if ((target !== undefined) === all) throw usage('name an agent, or say --all', 'clean');
        const command = { do: 'clean', ...(target !== undefined && { target }) } as const;
        const own = (fleet: Fleet) => fleet.clean(target, key === undefined ? {} : { key });
        return end<Cleaned>(setting, command, key, own, ({ cleaned, path }) =>
          cleaned.length === 0
            ? `no detached process${path === undefined ? '' : ` of ${path}`}`
            : `ended ${list(cleaned)}`,
        );
      }),
    );
};

interface Stopped extends Ending {
  readonly processId: number;
  readonly path: string;
  readonly stopping: boolean;
}

const stopVerb: Verb = (program) => {
  program
    .command('stop')
    .description('end a process and its whole group: TERM, then KILL after 2 s; of a fleet at rest, too')
    .argument('<id>', 'the process', processId)
    .option(...keyOption)
    .addHelpText('after', examples('stop 1003', 'stop 1003 --log runs/monday'))
    .action(
      acting((setting, id: number, { key }: { key?: string }) =>
        end<Stopped>(
          setting,
          { do: 'stopProcess', processId: id },
          key,
          (fleet) => fleet.stopProcess(id, key === undefined ? {} : { key }),
          ({ path, stopping }) => `process ${id} of ${path} ${stopping ? 'is ended' : 'had ended before'}`,
        ),
      ),
    );
};

export const processVerbs: readonly Verb[] = [detachVerb, reattachVerb, cleanVerb, stopVerb];
