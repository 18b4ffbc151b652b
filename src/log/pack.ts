/**
 * JSON values as bytes: each string of a record is stored once, each shape of an object once, and what is read back
 * shares them, so that folding looks ids up by identity. Strings come out flat: none keeps the record in memory.
 */
import {
  isArray,
  isDouble,
  isFalse,
  isInteger,
  isNegative,
  isNull,
  isObject,
  isString,
  isTrue,
  isUndefined,
  isWord,
  shapeKeysMax,
  smallArray,
  smallArrays,
  smallInteger,
  smallIntegers,
  smallObject,
  smallObjects,
  smallString,
  smallStrings,
} from './tags.ts';
import { words } from './words.ts';

const numberOfWord = new Map(words.map((word, i) => [word, i]));

/** The keys met so far, one after the other; `shape` where an object of record number `record` ended. */
interface KeyPath {
  record: number;
  shape: number;
  readonly next: Map<string, KeyPath>;
}

const newPath = (): KeyPath => ({ record: 0, shape: 0, next: new Map() });

/** Paths are kept from record to record, which have the same shapes as a rule. */
const pathsKept = 4_096;
/** A map that was large stays large when it is cleared. */
const numbersKept = 1_024;

const roomKept = 2 ** 20;
let out = Buffer.allocUnsafe(roomKept);
let end = 0;
let numbers = new Map<string, number>();
let strings: string[] = [];
let keyPaths = newPath();
let paths = 0;
let record = 0;
let shapeKeys: (readonly string[])[] = [];

function reserve(more: number): void {
  if (end + more <= out.length) return;
  const larger = Buffer.allocUnsafe(Math.max(out.length * 2, end + more));
  out.copy(larger, 0, 0, end);
  out = larger;
}

/** Seven bits a byte, lowest first. */
function putVarint(value: number): void {
  reserve(8);
  while (value >= 128) {
    out[end++] = (value % 128) + 128;
    value = value < 2 ** 31 ? value >>> 7 : Math.floor(value / 128);
  }
  out[end++] = value;
}

function numberOf(text: string): number {
  let number = numbers.get(text);
  if (number === undefined) {
    number = strings.length;
    numbers.set(text, number);
    strings.push(text);
  }
  return number;
}

function putString(text: string): void {
  reserve(2);
  const word = text.length <= 24 ? numberOfWord.get(text) : undefined;
  if (word !== undefined) {
    out[end++] = isWord;
    out[end++] = word;
    return;
  }
  const number = numberOf(text);
  if (number < smallStrings) out[end++] = smallString + number;
  else {
    out[end++] = isString;
    putVarint(number);
  }
}

function putNumber(value: number): void {
  reserve(9);
  if (Number.isSafeInteger(value) && !Object.is(value, -0)) {
    if (value >= 0 && value < smallIntegers) out[end++] = smallInteger + value;
    else {
      out[end++] = value < 0 ? isNegative : isInteger;
      putVarint(Math.abs(value));
    }
    return;
  }
  out[end++] = isDouble;
  end = out.writeDoubleLE(value, end);
}

function shapeOf(value: object): number {
  let path = keyPaths;
  let keys = 0;
  for (const key in value) {
    if (++keys > shapeKeysMax) return shapeKeys.push(Object.keys(value)) - 1;
    let next = path.next.get(key);
    if (next === undefined) {
      next = newPath();
      paths += 1;
      path.next.set(key, next);
    }
    path = next;
  }
  if (path.record !== record) {
    path.record = record;
    path.shape = shapeKeys.length;
    shapeKeys.push(Object.keys(value));
  }
  return path.shape;
}

function put(value: unknown): void {
  switch (typeof value) {
    case 'string':
      putString(value);
      return;
    case 'number':
      putNumber(value);
      return;
    case 'object':
      if (value === null) break;
      if (Array.isArray(value)) putArray(value);
      else putObject(value as Readonly<Record<string, unknown>>);
      return;
    default:
  }
  reserve(1);
  out[end++] = value === true ? isTrue : value === false ? isFalse : value === undefined ? isUndefined : isNull;
}

function putArray(value: readonly unknown[]): void {
  reserve(1);
  if (value.length < smallArrays) out[end++] = smallArray + value.length;
  else {
    out[end++] = isArray;
    putVarint(value.length);
  }
  for (let i = 0; i < value.length; i++) put(value[i]);
}

function putObject(value: Readonly<Record<string, unknown>>): void {
  reserve(1);
  const shape = shapeOf(value);
  if (shape < smallObjects) out[end++] = smallObject + shape;
  else {
    out[end++] = isObject;
    putVarint(shape);
  }
  for (const key in value) put(value[key]);
}

/** Byte by byte is faster for what is as short as an id. */
const shortText = 48;

/** Length in bytes, doubled, plus one unless it is ASCII; then the bytes. */
function putText(text: string): void {
  const { length } = text;
  reserve(length * 3 + 8);
  const start = end;
  putVarint(length * 2);
  if (length <= shortText) {
    let i = 0;
    for (; i < length; i++) {
      const code = text.charCodeAt(i);
      if (code > 127) break;
      out[end + i] = code;
    }
    if (i === length) {
      end += length;
      return;
    }
  }
  const size = out.write(text, end, 'utf8');
  if (size !== length) {
    end = start;
    putVarint(size * 2 + 1);
    out.write(text, end, 'utf8');
  }
  end += size;
}

/** What JSON can say, and undefined. */
export function pack(value: unknown): Buffer {
  try {
    record += 1;
    end = 0;
    put(value);
    const body = Buffer.from(out.subarray(0, end));
    end = 0;
    putVarint(shapeKeys.length);
    for (const keys of shapeKeys) {
      putVarint(keys.length);
      for (const key of keys) putString(key);
    }
    const head = Buffer.from(out.subarray(0, end));
    end = 0;
    putVarint(strings.length);
    for (const text of strings) putText(text);
    return Buffer.concat([out.subarray(0, end), head, body]);
  } finally {
    if (numbers.size > numbersKept) numbers = new Map();
    else numbers.clear();
    strings = [];
    if (paths > pathsKept) {
      keyPaths = newPath();
      paths = 0;
    }
    shapeKeys = [];
    // A snapshot must not keep its room.
    if (out.length > roomKept) out = Buffer.allocUnsafe(roomKept);
  }
}
