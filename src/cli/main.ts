#!/usr/bin/env node
/** The command line's entry: runs the verb, and turns whatever goes wrong into one error and an exit code. */
import { Failure } from '../failure.ts';
import { exit, exitOf } from './exitCodes.ts';
import { type Format, flushed, formats, tell, tellFailure } from './output.ts';
import { isUsage, programOf, usageFailure } from './program.ts';
import { verbsFor } from './verbs.ts';

const argv = process.argv.slice(2);

/** The format errors are told in, also when the command line cannot be understood. */
function formatOf(words: readonly string[]): Format {
  for (const [i, word] of words.entries()) {
    const given = word === '-o' || word === '--output' ? words[i + 1] : /^(?:-o=?|--output=)(.+)$/.exec(word)?.[1];
    const format = formats.find((known) => known === given);
    if (format !== undefined) return format;
  }
  return 'text';
}

/** Trouble with files and sockets that no adapter has named. */
function outside(error: unknown): Failure | undefined {
  const { code, syscall, message } = error as NodeJS.ErrnoException;
  if (typeof code !== 'string' || !/^E[A-Z0-9]+$/.test(code) || syscall === undefined) return undefined;
  return new Failure('HOLDFAST_SYSTEM', message, {
    remedy: 'mend what the system complains about',
    details: { code, syscall },
  });
}

function failureOf(error: unknown): Failure | undefined {
  if (error instanceof Failure) return error;
  if (isUsage(error)) return usageFailure(error, argv);
  return (
    outside(error) ??
    new Failure('HOLDFAST_DEFECT', `a defect: ${error instanceof Error ? error.message : String(error)}`, {
      remedy: 'report this; HOLDFAST_DEBUG=1 shows where it happened',
      cause: error,
    })
  );
}

function endWith(error: unknown): never {
  const failure = failureOf(error);
  if (failure === undefined) process.exit(exit.done);
  tellFailure(failure, formatOf(argv));
  if (process.env.HOLDFAST_DEBUG === '1')
    for (let e: unknown = error; e instanceof Error; e = e.cause) tell(`${e.stack}\n`);
  process.exit(exitOf(failure));
}

// `| head` has seen enough: that is no trouble of ours. Who owns a log listens too, and stops in order.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') endWith(error);
  if (process.stdout.listenerCount('error') === 1) process.exit(exit.done);
});
process.on('uncaughtException', endWith);
process.on('unhandledRejection', endWith);

try {
  await programOf(await verbsFor(argv)).parseAsync(argv, { from: 'user' });
  await flushed();
  process.exit(process.exitCode);
} catch (error) {
  await flushed();
  endWith(error);
}
