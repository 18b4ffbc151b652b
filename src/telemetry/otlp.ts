/** Spans on their way to a collector: OTLP over HTTP, as JSON. The format is so small that no SDK is needed for it. */
import { Failure } from '../failure.ts';
import { version } from '../version.ts';
import type { Attributes, Span } from './spans.ts';

const nanoseconds = (ms: number): string => `${BigInt(Math.round(ms)) * 1_000_000n}`;

const attributesOf = (attributes: Attributes) =>
  Object.entries(attributes).map(([key, value]) => ({
    key,
    value: typeof value === 'number' ? { intValue: String(value) } : { stringValue: value },
  }));

/** Of a span inside this process. */
const internal = 1;
const [unset, failed] = [0, 2];

const spanOf = ({ traceId, spanId, parentSpanId, name, startAt, endAt, attributes, error }: Span) => ({
  traceId,
  spanId,
  ...(parentSpanId !== undefined && { parentSpanId }),
  name,
  kind: internal,
  startTimeUnixNano: nanoseconds(startAt),
  endTimeUnixNano: nanoseconds(endAt),
  attributes: attributesOf(attributes),
  status: error === undefined ? { code: unset } : { code: failed, message: error },
});

/** An `ExportTraceServiceRequest`. */
export const exportRequest = (fleetId: string, spans: readonly Span[]) => ({
  resourceSpans: [
    {
      resource: { attributes: attributesOf({ 'service.name': 'holdfast', 'service.instance.id': fleetId }) },
      scopeSpans: [{ scope: { name: 'holdfast', version }, spans: spans.map(spanOf) }],
    },
  ],
});

/** A collector that is silent for so long is not there. */
const patienceMs = 10_000;

/** Throws HOLDFAST_COLLECTOR_FAILED. */
export async function send(url: string, fleetId: string, spans: readonly Span[]): Promise<void> {
  if (spans.length === 0) return;
  const trouble = (why: string, cause?: unknown) =>
    new Failure('HOLDFAST_COLLECTOR_FAILED', `${url} takes no spans: ${why}`, {
      remedy: 'spans have the same ids when they are sent again: send all of them again when it is there',
      cause,
      retryable: true,
    });
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(exportRequest(fleetId, spans)),
    signal: AbortSignal.timeout(patienceMs),
  }).catch((error) => {
    throw trouble(error.cause?.code ?? error.message, error);
  });
  if (!response.ok) throw trouble(`it answers ${response.status}`);
}
