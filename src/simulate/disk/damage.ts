/** Damage to a copy of what is on a disk, and where the log has to see it. */
import { decodeFrame, type Frame, frameKey } from '../../log/frame.ts';
import { markIn, slotBytes } from '../../log/headSlots.ts';
import type { Random } from '../random.ts';
import type { Platter } from './store.ts';

export interface Damage {
  readonly what: string;
  readonly platter: Platter;
  readonly head: Buffer;
  /** First and last position of what is bad, one of which the log has to name; none: it is no damage. */
  readonly bad: readonly (readonly [first: number, last: number])[];
}

type Sound = Pick<Damage, 'platter' | 'head'> & { readonly frames: readonly Frame[]; readonly named: number };

/** `checkpoint`: its position. */
export function damage(platter: Platter, head: Buffer, checkpoint: number, r: Random): Damage {
  const copy = platter.copy();
  const entries = copy.within({ gte: frameKey(0), lte: frameKey(Number.MAX_SAFE_INTEGER) });
  const mark = markIn(head);
  const sound: Sound = {
    platter: copy,
    head: Buffer.from(head),
    frames: entries.map(([key, value]) => decodeFrame(key, value)),
    // What the log knows to have been acknowledged.
    named: Math.max(checkpoint, typeof mark === 'string' ? 0 : mark.position),
  };
  return { ...sound, ...r.pick(ways)(sound, r) };
}

type Way = (sound: Sound, r: Random) => Pick<Damage, 'what' | 'bad'>;

const place = ({ first, last }: Frame): readonly [number, number] => [first, last];
const bytesOf = (platter: Platter, { first }: Frame): Buffer => platter.get(frameKey(first))!;

const flipped: Way = ({ platter, frames }, r) => {
  const frame = r.pick(frames);
  const value = bytesOf(platter, frame);
  value[r.below(value.length)]! ^= 1 << r.below(8);
  return { what: `a bit of the record at ${frame.first} is another`, bad: [place(frame)] };
};

const swapped: Way = ({ platter, frames }, r) => {
  const one = r.pick(frames);
  const other = r.pick(frames);
  const [a, b] = [bytesOf(platter, one), bytesOf(platter, other)];
  platter.write([
    [frameKey(one.first), b],
    [frameKey(other.first), a],
  ]);
  const what = `the records at ${one.first} and ${other.first} have changed places`;
  return { what, bad: one === other ? [] : [place(one), place(other)] };
};

/** All from one record on are gone: what nobody was told of may have been torn, all else is lost. */
const cut: Way = ({ platter, frames, named }, r) => {
  const from = r.below(frames.length);
  const { first } = frames[from]!;
  platter.write(frames.slice(from).map((frame) => [frameKey(frame.first), undefined] as const));
  return { what: `all records from ${first} on are gone`, bad: named >= first ? [[first, first]] : [] };
};

const missing: Way = (sound, r) => {
  const others = sound.frames.length - 1;
  // Without the last one nothing is missing in between: that is a cut.
  if (others === 0) return cut(sound, r);
  const frame = sound.frames[r.below(others)]!;
  sound.platter.write([[frameKey(frame.first), undefined]]);
  return { what: `the record at ${frame.first} is missing`, bad: [place(frame)] };
};

const headless: Way = ({ head, frames }, r) => {
  const end = frames.at(-1)!.last + 1;
  if (r.chance(50)) head.fill(0);
  else for (const slot of [0, slotBytes]) head[slot + r.below(slotBytes)]! ^= 1 << r.below(8);
  return { what: 'HEAD is gone', bad: [[end, end]] };
};

const ways: readonly Way[] = [flipped, swapped, missing, cut, headless];
