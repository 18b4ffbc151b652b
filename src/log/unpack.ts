/** Reading what `pack.ts` wrote: strings first, then the shapes of objects, then the value. */
import {
  isArray,
  isDouble,
  isFalse,
  isInteger,
  isNegative,
  isObject,
  isString,
  isTrue,
  isUndefined,
  isWord,
  shapeKeysMax,
  smallArray,
  smallInteger,
  smallObject,
  smallString,
} from './tags.ts';
import { words } from './words.ts';

const nothing = Buffer.alloc(0);
let bytes: Buffer = nothing;
let at = 0;
let texts: string[] = [];
let makers: Maker[] = [];

type Maker = () => Record<string, unknown>;

function varint(): number {
  let byte = bytes[at++]!;
  if (byte < 128) return byte;
  let value = byte - 128;
  let factor = 128;
  do {
    byte = bytes[at++]!;
    value += (byte & 127) * factor;
    factor *= 128;
  } while (byte >= 128);
  return value;
}

function get(): unknown {
  const tag = bytes[at++]!;
  if (tag >= smallString) return texts[tag - smallString];
  if (tag >= smallObject) return makers[tag - smallObject]!();
  if (tag >= smallArray) return getArray(tag - smallArray);
  if (tag >= smallInteger) return tag - smallInteger;
  switch (tag) {
    case isTrue:
      return true;
    case isFalse:
      return false;
    case isDouble: {
      const value = bytes.readDoubleLE(at);
      at += 8;
      return value;
    }
    case isInteger:
      return varint();
    case isNegative:
      return -varint();
    case isArray:
      return getArray(varint());
    case isObject:
      return makers[varint()]!();
    case isString:
      return texts[varint()];
    case isWord:
      return words[bytes[at++]!];
    case isUndefined:
      return undefined;
    default:
      return null;
  }
}

function getArray(length: number): unknown[] {
  const array: unknown[] = [];
  for (let i = 0; i < length; i++) array.push(get());
  return array;
}

/** A list of keys, reached key by key from the empty one. */
interface Shape {
  readonly next: Map<string, Shape>;
  /** Objects of this shape so far, in whatever record. */
  uses: number;
  maker: Maker | undefined;
}

const newShape = (): Shape => ({ next: new Map(), uses: 0, maker: undefined });

/** Shapes that come again are made by code of their own; the others key by key. */
const compileAfter = 8;
/** Then all are forgotten: whoever has so many hardly meets one again. */
const shapesMax = 20_000;
let noKeys = newShape();
let shapes = 0;

function shapeOf(keys: readonly string[]): Shape {
  let shape = noKeys;
  for (const key of keys) {
    let longer = shape.next.get(key);
    if (longer === undefined) {
      longer = newShape();
      shape.next.set(key, longer);
      shapes += 1;
    }
    shape = longer;
  }
  if (shapes > shapesMax) {
    noKeys = newShape();
    shapes = 0;
  }
  return shape;
}

/** `number`: place of the shape among those of the record. */
function makerOf(keys: readonly string[], number: number): Maker {
  if (keys.length > shapeKeysMax) return () => table(keys);
  const shape = shapeOf(keys);
  if (shape.maker !== undefined) return shape.maker;
  return () => {
    shape.uses += 1;
    if (shape.uses > compileAfter) {
      shape.maker ??= compiledMaker(keys);
      makers[number] = shape.maker;
    }
    return keyByKey(keys);
  };
}

function compiledMaker(keys: readonly string[]): Maker {
  // In brackets `__proto__` is a member like any other; V8 makes such members one by one.
  const named = (key: string) => (key === '__proto__' ? '["__proto__"]' : JSON.stringify(key));
  const members = keys.map((key) => `${named(key)}: get()`).join(', ');
  return new Function('get', `return () => ({ ${members} });`)(get) as Maker;
}

function keyByKey(keys: readonly string[]): Record<string, unknown> {
  const value: Record<string, unknown> = {};
  for (const key of keys) {
    if (key === '__proto__')
      Object.defineProperty(value, key, { value: get(), enumerable: true, configurable: true, writable: true });
    else value[key] = get();
  }
  return value;
}

/** A hash table from its first key on: V8 would look for a hidden class that has all these keys, one after the other. */
function table(keys: readonly string[]): Record<string, unknown> {
  const value = Object.create(null) as Record<string, unknown>;
  for (const key of keys) value[key] = get();
  return value;
}

/** What `toString` of a buffer calls once it has looked at its arguments, which takes as long as the rest. */
interface Slices {
  latin1Slice(from: number, to: number): string;
  utf8Slice(from: number, to: number): string;
}

/** Throws when the bytes are not what `pack` writes, as far as that shows; a check of the bytes comes first. */
export function unpack(packed: Buffer): unknown {
  bytes = packed;
  at = 0;
  const count = varint();
  texts = new Array<string>(count);
  const slices = packed as unknown as Slices;
  for (let i = 0; i < count; i++) {
    const length = varint();
    const next = at + (length >>> 1);
    texts[i] = length % 2 === 0 ? slices.latin1Slice(at, next) : slices.utf8Slice(at, next);
    at = next;
  }
  makers = [];
  for (let shape = varint(); shape > 0; shape--) {
    const keys: string[] = [];
    for (let n = varint(); n > 0; n--) keys.push(get() as string);
    makers.push(makerOf(keys, makers.length));
  }
  const value = get();
  const left = packed.length - at;
  bytes = nothing;
  texts = [];
  makers = [];
  if (left !== 0) throw new RangeError(`${left} bytes are left`);
  return value;
}
