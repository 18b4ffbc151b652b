/** What the bytes of a packed value mean. They are part of the format: none ever changes its meaning. */

// One byte says what follows; the most frequent values are that byte alone.
export const isNull = 0;
export const isTrue = 1;
export const isFalse = 2;
export const isDouble = 3;
export const isInteger = 4;
export const isNegative = 5;
export const isArray = 6;
export const isObject = 7;
export const isString = 8;
export const isWord = 9;
export const isUndefined = 10;
export const smallInteger = 16;
export const smallIntegers = 48;
export const smallArray = 64;
export const smallArrays = 16;
export const smallObject = 80;
export const smallObjects = 32;
export const smallString = 112;
export const smallStrings = 256 - smallString;

/** No part of the format. More keys are those of a table, which comes only once: its shape is not worth keeping. */
export const shapeKeysMax = 64;
