/**
 * The globals of a cell, in the JavaScript of the cell itself: everything a script does is written down inside the sandbox
 * and leaves it as one JSON text per drain, and one JSON text per input comes in. So no value of the script ever meets the
 * host, and a copy of the memory is the whole cell. Nothing here looks up what a script may have changed: built-ins are
 * taken before it runs, tables have no prototype, and JSON is put together from texts.
 *
 * Evaluates to `[begin, deliver, report, describe, equip]`. `halt(code, report)` of the host never returns.
 */
export const prelude = `(halt) => {
'use strict';
const { parse, stringify } = JSON;
const { create, defineProperty, freeze } = Object;
const { isFinite } = Number;
const { trunc } = Math;
const { apply } = Reflect;
const { trim, startsWith } = String.prototype;
const NativePromise = Promise;
const text_of = String;
const number_of = Number;
const Fault = TypeError;
const table = () => create(null);
const define = (target, name, value) =>
  defineProperty(target, name, { __proto__: null, value, writable: true, enumerable: false, configurable: true });

let limits;
let lastCall = 0;
let lastTimer = 0;
let offset = 0;
let written = 0;
let callsWaiting = 0;
let timersWaiting = 0;
const waiting = table();
const timers = table();
const stored = table();
const changed = table();

let calls = '';
let items = '';
let notices = '';
let cleared = '';
let yields = '';
let lastYield = -1;
let fresh = table();

const joined = (list, entry) => (list === '' ? entry : list + ',' + entry);

/** What did not happen is left out. */
const report = (ended) => {
  let told = '{"waiting":[' + callsWaiting + ',' + timersWaiting + '],"offset":' + offset;
  if (calls !== '') told += ',"calls":[' + calls + ']';
  if (items !== '') told += ',"items":[' + items + ']';
  if (notices !== '') told += ',"notices":[' + notices + ']';
  if (cleared !== '') told += ',"cleared":[' + cleared + ']';
  if (yields !== '') told += ',"yields":[' + yields + ']';
  let set = '';
  for (const id in fresh) set = joined(set, '[' + id + ',' + fresh[id] + ']');
  if (set !== '') {
    told += ',"timers":[' + set + ']';
    fresh = table();
  }
  let writes = '';
  if (ended) for (const key in changed) writes = joined(writes, stringify(key) + ':' + stored[key]);
  if (writes !== '') told += ',"writes":{' + writes + '}';
  calls = items = notices = cleared = yields = '';
  return told + '}';
};

const end = (code) => halt(code, report(true));

/** JSON never makes a text shorter, so its length is what is counted. */
const room = (json) => {
  written += json.length + 16;
  if (written > limits.output) end('HOLDFAST_CELL_OUTPUT_LIMIT');
  return json;
};

const shown = (value) => {
  const known = typeof value === 'object' && value !== null ? stringify(value) : undefined;
  return known === undefined ? text_of(value) : known;
};

const add = (json) => {
  items = joined(items, room(json));
  offset += 1;
};

function text(value) {
  add(stringify(shown(value)));
}

function image(given, detail) {
  let url = given;
  let wanted = detail;
  if (typeof given === 'object' && given !== null) {
    if (given.type !== undefined && given.image_url === undefined) {
      if (given.type !== 'image') throw new Fault('image only accepts MCP image blocks, got "' + text_of(given.type) + '"');
      url = 'data:' + text_of(given.mimeType) + ';base64,' + text_of(given.data);
      if (wanted === undefined && given._meta) wanted = given._meta['codex/imageDetail'];
    } else {
      url = given.image_url;
      if (wanted === undefined) wanted = given.detail;
    }
  }
  if (typeof url !== 'string' || url === '')
    throw new Fault('image expects a non-empty image URL string, an object with image_url and optional detail, or a raw MCP image block');
  if (!apply(startsWith, url, ['data:']))
    throw new Fault('Tool call failed: remote image URLs are not supported in tool outputs. Pass a base64 data URI instead');
  if (wanted !== undefined && wanted !== null) {
    if (typeof wanted !== 'string') throw new Fault('image detail must be a string when provided');
    if (wanted !== 'auto' && wanted !== 'low' && wanted !== 'high' && wanted !== 'original')
      throw new Fault('image detail must be one of: auto, low, high, original');
    add('[' + stringify(url) + ',' + stringify(wanted) + ']');
  } else add('[' + stringify(url) + ']');
}

function store(key, value) {
  const name = text_of(key);
  let json;
  try {
    json = stringify(value);
  } catch (error) {}
  if (json === undefined) throw new Fault('Unable to store ' + stringify(name) + '. Only plain serializable objects can be stored.');
  stored[name] = json;
  changed[name] = true;
}

function load(key) {
  const json = stored[text_of(key)];
  return json === undefined ? undefined : parse(json);
}

function notify(value) {
  const said = shown(value);
  if (apply(trim, said, []) === '') throw new Fault('notify expects non-empty text');
  notices = joined(notices, room(stringify(said)));
}

function setTimeout(callback, ms) {
  if (typeof callback !== 'function') throw new Fault('setTimeout expects a function callback');
  const delay = number_of(ms);
  if (timersWaiting >= limits.timers) end('HOLDFAST_CELL_TIMER_LIMIT');
  lastTimer += 1;
  timersWaiting += 1;
  timers[lastTimer] = callback;
  fresh[lastTimer] = isFinite(delay) && delay > 0 ? (delay < limits.delay ? trunc(delay) : limits.delay) : 0;
  return lastTimer;
}

function clearTimeout(id) {
  if (id === undefined || id === null) return;
  if (typeof id !== 'number') throw new Fault('clearTimeout expects a numeric timeout id');
  if (timers[id] === undefined) return;
  delete timers[id];
  timersWaiting -= 1;
  if (fresh[id] === undefined) cleared = joined(cleared, text_of(id));
  else delete fresh[id];
}

function yield_control() {
  if (lastYield === offset) return;
  lastYield = offset;
  yields = joined(yields, text_of(offset));
}

function exit() {
  end('exit');
}

const tool = (index, name) => function (args) {
  if (callsWaiting >= limits.calls) end('HOLDFAST_CELL_CALL_LIMIT');
  return new NativePromise((resolve, reject) => {
    let json;
    try {
      json = args === undefined ? undefined : stringify(args);
    } catch (error) {
      reject('the argument of ' + name + ' cannot be written as JSON: ' + text_of(error));
      return;
    }
    lastCall += 1;
    callsWaiting += 1;
    waiting[lastCall] = { __proto__: null, resolve, reject };
    calls = joined(calls, '[' + lastCall + ',' + index + (json === undefined ? ']' : ',' + json + ']'));
  });
};

/** A generator with 128 bits of state (sfc32); 53 bits for each number. */
const chance = (seed) => {
  let [a, b, c, d] = [seed[0], seed[1], seed[2], seed[3]];
  const next = () => {
    const t = (((a + b) | 0) + d) | 0;
    d = (d + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = ((c << 21) | (c >>> 11)) + t | 0;
    return t >>> 0;
  };
  return function random() {
    return ((next() >>> 5) * 67108864 + (next() >>> 6)) / 9007199254740992;
  };
};

const begin = (json) => {
  const spec = parse(json);
  limits = spec.limits;
  for (const key in spec.store) stored[key] = spec.store[key];
  define(Math, 'random', chance(spec.seed));
};

const equip = (json) => {
  const listed = parse(json);
  const tools = table();
  const all = [];
  for (let i = 0; i < listed.length; i += 1) {
    const { name, description } = listed[i];
    const call = tool(i, name);
    defineProperty(call, 'name', { __proto__: null, value: name });
    tools[name] = call;
    all[i] = { name, description };
  }
  define(globalThis, 'tools', freeze(tools));
  define(globalThis, 'ALL_TOOLS', all);
};

/** [call, whether it succeeded, value] or [timer]; false when nobody waits for it. */
const deliver = (json) => {
  const input = parse(json);
  const id = input[0];
  if (input.length === 1) {
    const callback = timers[id];
    if (callback === undefined) return false;
    delete timers[id];
    timersWaiting -= 1;
    callback();
    return true;
  }
  const call = waiting[id];
  if (call === undefined) return false;
  delete waiting[id];
  callsWaiting -= 1;
  if (input[1]) call.resolve(input[2]);
  else call.reject(input[2]);
  return true;
};

/** As an engine would print it: the error, then where it came from. */
const describe = (error) => {
  try {
    const stack = typeof error === 'object' && error !== null ? error.stack : undefined;
    return text_of(error) + (typeof stack === 'string' && stack !== '' ? '\\n' + stack : '');
  } catch (again) {
    return 'the script threw something that cannot be shown';
  }
};

const given = [text, image, store, load, notify, setTimeout, clearTimeout, yield_control, exit];
for (let i = 0; i < given.length; i += 1) define(globalThis, given[i].name, given[i]);
delete globalThis.SharedArrayBuffer;
return [begin, deliver, report, describe, equip];
}`;
