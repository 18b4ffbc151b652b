/** `spans`: what happened as OpenTelemetry has it, printed or sent to a collector. */
import type { Envelope } from '../../../events/envelope.ts';
import { decoded } from '../../engine/fold.ts';
import { Failure } from '../../failure.ts';
import type { LogReader } from '../../log/port.ts';
import { RemoteReader } from '../../serve/remoteReader.ts';
import { type Span, Spans } from '../../telemetry/spans.ts';
import { moment, oneLine } from '../../words/line.ts';
import { reading } from '../opened.ts';
import type { Output } from '../output.ts';
import { acting, examples, type Verb, webAddress, whole } from '../setting.ts';

interface Options {
  readonly from: number;
  readonly otlp?: string;
  readonly follow?: boolean;
}

const line = ({ name, startAt, endAt, error }: Span): string =>
  `${moment(startAt)} ${String(endAt - startAt).padStart(8)} ms  ${oneLine(name)}${error === undefined ? '' : `: ${oneLine(error)}`}`;

/** The whole log is folded: a span may have begun long before the position from which it is wanted. */
async function tell(log: LogReader, out: Output, { from, otlp, follow }: Options): Promise<void> {
  const spans = new Spans();
  const all: Span[] = [];
  let sent = 0;
  const pages: AsyncIterable<readonly Envelope[]> =
    follow === true && log instanceof RemoteReader ? log.follow(1) : log.read();
  const { send } = await import('../../telemetry/otlp.ts');
  for await (const page of pages) {
    const ended = page.flatMap((event) => {
      const these = spans.see(decoded(event));
      return event.position < from ? [] : these;
    });
    if (otlp !== undefined) await send(otlp, log.fleetId ?? '', ended);
    else if (out.format === 'json') all.push(...ended);
    else await out.lines(ended.map((span) => (out.format === 'jsonl' ? JSON.stringify(span) : line(span))));
    sent += ended.length;
  }
  if (otlp !== undefined) await out.show({ url: otlp, spans: sent }, () => [`${sent} spans sent to ${otlp}`]);
  else if (out.format === 'json') await out.show(all, () => []);
}

export const spansVerb: Verb = (program) => {
  program
    .command('spans')
    .description(
      'turns, samplings, calls, processes and cells as spans of OpenTelemetry, printed or sent to a collector',
    )
    .option('--from <n>', 'only those that ended at this position or later', whole(1), 1)
    .option('--otlp <url>', 'send them to this collector (OTLP over HTTP, JSON)', webAddress)
    .option('--follow', 'go on with what a running fleet does, until it stops')
    .addHelpText(
      'after',
      examples('spans', 'spans -o jsonl > spans.jsonl', 'spans --follow --otlp http://127.0.0.1:4318/v1/traces'),
    )
    .action(
      acting(({ dir, out }, options: Options) => {
        if (options.follow === true && out.format === 'json' && options.otlp === undefined)
          throw new Failure('HOLDFAST_USAGE', 'what is followed has no end to close a JSON document with', {
            remedy: 'use -o jsonl',
          });
        return reading(dir, (log) => tell(log, out, options));
      }),
    );
};
