/** `answer`: a person decides whether a command of an agent may run, of a fleet that runs or of one at rest. */
import { Argument } from 'commander';
import type { ApprovalAnswer } from '../../decide/command.ts';
import { acting, commandLine, examples, type Verb } from '../setting.ts';
import { actAnywhere } from './anywhere.ts';

const words: readonly ApprovalAnswer[] = ['allow', 'deny', 'always'];

interface Answered {
  readonly path: string;
  readonly answer: ApprovalAnswer;
  readonly always?: readonly string[];
}

const told = ({ path, answer, always = [] }: Answered): string => {
  if (answer === 'deny') return `refused; ${path} is told so`;
  const forGood = always.map((pattern) => `\`${pattern}\``).join(', ');
  return `allowed for ${path}${answer === 'always' ? `; from now on without a question: ${forGood}` : ''}`;
};

export const answerVerb: Verb = (program) => {
  program
    .command('answer')
    .description('answer the question whether a command may run; `show approvals` lists the questions')
    .argument('<id>', 'the question')
    .addArgument(
      new Argument('<answer>', 'always: allow, and from now on all commands that the question names').choices(words),
    )
    .option('--reason <text>', 'with deny: what the agent is told')
    .addHelpText(
      'after',
      examples('answer 3 allow', 'answer 3 always', "answer 3 deny --reason 'not before the tests pass'"),
    )
    .action(
      acting((setting, approvalId: string, answer: ApprovalAnswer, { reason }: { reason?: string }) =>
        actAnywhere<Answered>(
          setting,
          'answer',
          { do: 'answerApproval', approvalId, answer, ...(reason !== undefined && { reason }) },
          (answered, runs) =>
            told(answered) + (runs ? '' : `; the fleet goes on with \`${commandLine(setting.dir, 'resume')}\``),
        ),
      ),
    );
};
