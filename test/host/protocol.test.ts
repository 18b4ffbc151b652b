import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { encodeFrame, FRAME_BYTES_MAX, FrameReader } from '../../src/host/protocol.ts';

const frames = fc.array(fc.record({ json: fc.jsonValue(), bytes: fc.uint8Array({ maxLength: 300 }) }), {
  maxLength: 8,
});

describe('frames', () => {
  test('[PR11] come out as they went in, however the bytes are cut', () => {
    fc.assert(
      fc.property(frames, fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 1 }), (sent, cuts) => {
        const stream = Buffer.concat(sent.map(({ json, bytes }) => encodeFrame(json, bytes)));
        const reader = new FrameReader(FRAME_BYTES_MAX);
        const received: unknown[] = [];
        for (let at = 0, i = 0; at < stream.length; i++) {
          const length = cuts[i % cuts.length]!;
          reader.push(stream.subarray(at, at + length));
          at += length;
          for (let frame = reader.next(); frame; frame = reader.next()) {
            received.push({ json: frame.json, bytes: [...frame.bytes] });
          }
        }
        const expected = sent.map(({ json, bytes }) => ({ json: JSON.parse(JSON.stringify(json)), bytes: [...bytes] }));
        expect(received).toEqual(expected);
      }),
    );
  });

  test('[PR11] arbitrary bytes are frames, garbage or too large, and never anything else', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        const reader = new FrameReader(100);
        reader.push(Buffer.from(bytes));
        try {
          while (reader.next());
        } catch (error) {
          expect(error).toMatchObject({ code: expect.stringMatching(/^HOLDFAST_HOST_FRAME_(INVALID|TOO_LARGE)$/) });
        }
      }),
    );
  });

  test('[PR11] one above the limit is refused by its head, before it is there', () => {
    const head = Buffer.alloc(8);
    head.writeUInt32BE(FRAME_BYTES_MAX + 1, 0);
    const reader = new FrameReader(FRAME_BYTES_MAX);
    reader.push(head);
    expect(() => reader.next()).toThrow(expect.objectContaining({ code: 'HOLDFAST_HOST_FRAME_TOO_LARGE' }));
    expect(() => encodeFrame({}, Buffer.alloc(FRAME_BYTES_MAX))).toThrow();
  });
});
