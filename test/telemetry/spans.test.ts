/** Spans of OpenTelemetry, derived from logs of ours and sent to a collector. */

import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, test } from 'vitest';
import type { HoldfastEvent } from '../../events/catalogue.ts';
import { genAi, own } from '../../src/telemetry/names.ts';
import { type Span, Spans } from '../../src/telemetry/spans.ts';
import { holdfast, json, newPlace, quick } from '../cli/cli.ts';
import { story } from '../rules/story.ts';

function spansOf(events: readonly HoldfastEvent[]): Span[] {
  const spans = new Spans();
  return events.flatMap((event) => spans.see(event));
}

const count = (events: readonly HoldfastEvent[], ...types: string[]): number =>
  events.filter(({ type }) => types.includes(type)).length;

test('[MC6] each turn, sampling, call and process that has ended is one span, in its own time and below what led to it', () => {
  const { events } = story();
  const spans = spansOf(events);
  const named = (word: string) => spans.filter(({ name }) => name.startsWith(`${word} `));
  expect(named('invoke_agent')).toHaveLength(count(events, 'TurnCompleted', 'TurnFailed', 'TurnInterrupted'));
  expect(named('chat')).toHaveLength(count(events, 'ModelSampled', 'SamplingEnded'));
  expect(named('execute_tool')).toHaveLength(count(events, 'ToolCallEnded'));
  expect(named('process')).toHaveLength(
    count(events, 'ProcessExited', 'ProcessTerminated', 'ProcessLaunchFailed', 'ProcessLost'),
  );
  expect(new Set(spans.map(({ spanId }) => spanId)).size).toBe(spans.length);
  for (const span of spans) {
    expect(span.traceId).toMatch(/^[0-9a-f]{32}$/);
    expect(span.spanId).toMatch(/^[0-9a-f]{16}$/);
    expect(span.endAt).toBeGreaterThanOrEqual(span.startAt);
    const above = spans.find(({ spanId }) => spanId === span.parentSpanId);
    if (above === undefined) continue;
    expect(above.traceId).toBe(span.traceId);
    expect(above.startAt).toBeLessThanOrEqual(span.startAt);
  }
  const calls = named('execute_tool');
  const turns = new Set(named('invoke_agent').map(({ spanId }) => spanId));
  for (const call of calls) if (!turns.has(call.parentSpanId!)) expect(call.attributes[genAi.agentName]).toBe('/root');
  expect(spans.find(({ name }) => name === 'process make')!.attributes).toMatchObject({
    [own.process]: 1000,
    [own.exitCode]: 0,
  });
  expect(spans.some(({ error }) => error === 'gone')).toBe(true);
});

test('[MC6] the same log gives the same spans, whole or gone on with', () => {
  const { events } = story();
  const spans = new Spans();
  const half = events.length >> 1;
  const first = events.slice(0, half).flatMap((event) => spans.see(event));
  expect([...first, ...events.slice(half).flatMap((event) => spans.see(event))]).toEqual(spansOf(events));
});

test('[MC6] a collector gets them as OTLP, and is said to be missing when it is', async () => {
  const place = newPlace(quick);
  expect((await holdfast(place, 'run', place.fleet, '--log', place.log)).code).toBe(0);
  const bodies: string[] = [];
  const server = createServer((request, response) => {
    let body = '';
    request
      .on('data', (chunk) => (body += chunk))
      .on('end', () => {
        bodies.push(body);
        response.end('{}');
      });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1/traces`;
  const told = await json<{ spans: number }>(place, 'spans', '--log', place.log, '--otlp', url);
  const sent = bodies.flatMap((body) => JSON.parse(body).resourceSpans[0].scopeSpans[0].spans);
  expect(sent).toHaveLength(told.spans);
  const printed = await json<Span[]>(place, 'spans', '--log', place.log);
  expect(sent.map(({ spanId }) => spanId)).toEqual(printed.map(({ spanId }) => spanId));
  expect(sent[0]).toMatchObject({ kind: 1, startTimeUnixNano: expect.stringMatching(/^\d{19}$/) });
  await new Promise((resolve) => server.close(resolve));
  const missing = await holdfast(place, 'spans', '--log', place.log, '--otlp', url);
  expect(missing.code).toBe(3);
  expect(missing.stderr).toContain('HOLDFAST_COLLECTOR_FAILED');
});
