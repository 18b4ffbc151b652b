/** `send`, `interrupt`, `close`, `unbind`: the operator acts on a running fleet, through the socket of the process that owns it. */
import { existsSync } from 'node:fs';
import { Failure, Refused } from '../../failure.ts';
import { folderOf } from '../../log/folder.ts';
import { empty } from '../../log/levelReader.ts';
import type { Answered } from '../../serve/client.ts';
import { oneLine } from '../../words/line.ts';
import { clientOf } from '../opened.ts';
import { acting, commandLine, examples, type Setting, type Verb } from '../setting.ts';

const notRunning = (dir: string): Failure =>
  new Failure('HOLDFAST_NOT_RUNNING', `no process runs the fleet of ${dir}`, {
    remedy: `start it again with \`${commandLine(dir, 'resume')}\`; it takes commands while it runs`,
    details: { dir },
  });

/** Asks the process that runs the fleet; undefined when there is none. */
export async function ask(dir: string, verb: string, args: object): Promise<Answered | undefined> {
  const client = clientOf(dir);
  if (client === undefined) {
    if (existsSync(folderOf(dir).head)) return undefined;
    throw empty(dir);
  }
  return client.ask(verb, Object.fromEntries(Object.entries(args).filter(([, value]) => value !== undefined)));
}

/** A refusal of the engine is thrown. */
export function answerOf(answered: Answered): unknown {
  if (answered.ok) return answered.answer;
  const { code, message, remedy, details } = answered.refusal;
  throw new Refused(code, message, { ...(remedy !== undefined && { remedy }), ...(details && { details }) });
}

export async function act<A>(
  { dir, out }: Setting,
  verb: string,
  args: object,
  text: (answer: A) => string,
): Promise<void> {
  const answered = await ask(dir, verb, args);
  if (answered === undefined) throw notRunning(dir);
  const answer = answerOf(answered) as A;
  await out.show(answer, () => [oneLine(text(answer))]);
}

export const keyOption = [
  '--key <key>',
  'the same key with the same request is carried out once, also after a crash',
] as const;

const sendVerb: Verb = (program) => {
  program
    .command('send')
    .description('mail from the operator to an agent of a running fleet')
    .argument('<path>', 'the agent: a path, NAME:/root/x, or an id')
    .argument('<text>', 'what it is told')
    .option('--followup', 'a task: it starts a turn if none is running')
    .option(...keyOption)
    .addHelpText(
      'after',
      examples("send /root 'Stop after the tests'", "send /root/builder 'Build again' --followup --key again-1"),
    )
    .action(
      acting((setting, target: string, text: string, options: { followup?: boolean; key?: string }) =>
        act<{ mailId: string; path: string }>(
          setting,
          'send',
          { target, text, ...options },
          ({ mailId, path }) => `accepted for ${path}: mail ${mailId}`,
        ),
      ),
    );
};

const interruptVerb: Verb = (program) => {
  program
    .command('interrupt')
    .description('end the turn of an agent of a running fleet; the agent stays')
    .argument('<path>', 'the agent: a path, NAME:/root/x, or an id')
    .option('--cascade', 'and the turns of all below it')
    .option(...keyOption)
    .addHelpText('after', examples('interrupt /root/builder', 'interrupt /root --cascade'))
    .action(
      acting((setting, target: string, options: { cascade?: boolean; key?: string }) =>
        act<{ path: string; previousStatus: string; interrupted: boolean }>(
          setting,
          'interrupt',
          { target, ...options },
          ({ path, previousStatus, interrupted }) =>
            interrupted
              ? `${path} was ${previousStatus}: interrupted`
              : `${path} is ${previousStatus}: nothing to interrupt`,
        ),
      ),
    );
};

const closeVerb: Verb = (program) => {
  program
    .command('close')
    .description('close an agent of a running fleet and all below it, for good')
    .argument('<path>', 'the agent: a path, NAME:/root/x, or an id')
    .option('--reason <text>', 'why; it is recorded')
    .option(...keyOption)
    .addHelpText('after', examples('close /root/builder', "close /root/builder --reason 'not needed any more'"))
    .action(
      acting((setting, target: string, options: { reason?: string; key?: string }) =>
        act<{ path: string; closed: number }>(
          setting,
          'close',
          { target, ...options },
          ({ path, closed }) => `closed ${path}${closed > 1 ? ` and ${closed - 1} below it` : ''}`,
        ),
      ),
    );
};

const unbindVerb: Verb = (program) => {
  program
    .command('unbind')
    .description("take the task of a running fleet's agent away; its next sampling waits for another one")
    .argument('<path>', 'the agent: a path, NAME:/root/x, or an id')
    .option(...keyOption)
    .addHelpText('after', examples('unbind /root/builder'))
    .action(
      acting((setting, target: string, options: { key?: string }) =>
        act<{ path: string; unbound: boolean }>(setting, 'unbind', { target, ...options }, ({ path, unbound }) =>
          unbound ? `took the task of ${path} away` : `${path} has no task`,
        ),
      ),
    );
};

export const operatorVerbs: readonly Verb[] = [sendVerb, interruptVerb, closeVerb, unbindVerb];
