import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { FleetFile } from '../events/fleetFile.ts';
import { completeLimits, defaultLimits } from '../events/limits.ts';
import type { Failure } from '../src/failure.ts';
import { parseJson } from '../src/fleet/jsonText.ts';
import { fleetSchema } from '../src/fleet/schema.ts';
import { openFleet } from '../src/fleet.ts';
import { checkFleet, parseFleet, readFleetFile } from '../src/fleetFile.ts';
import { arbitrary } from '../src/simulate/arbitrary.ts';
import { badFleets } from './badFleets.ts';

const bad = new URL('../fixtures/fleets/bad/', import.meta.url);

async function failureOf(file: string): Promise<Failure> {
  return await readFleetFile(file).then(
    () => expect.unreachable(`${file} was taken`),
    (error: Failure) => error,
  );
}

const simple = { models: { script: { kind: 'script' } }, roots: [{ prompt: 'Go', model: 'script' }] };
const spawn = (task_name: unknown, id = 'c1') => ({ call: 'spawn_agent', id, args: { task_name, message: 'go' } });
const withScripts = (scripts: object, more: object = {}) => ({ ...simple, ...more, scripts });

describe('a bad fleet file gets one error that names file, JSON path, what was expected and what was found', () => {
  test.each(badFleets)('%s', async (name, path, said) => {
    const file = fileURLToPath(new URL(name, bad));
    const failure = await failureOf(file);
    expect(failure.code).toBe('HOLDFAST_FLEET_FILE');
    expect(failure.details).toMatchObject({ file, path, expected: expect.any(String), found: expect.any(String) });
    expect(failure.message).toBe(`${file}: ${path}${said}`);
    expect(failure.remedy).toMatch(/\w/);
  });

  test('every file in fixtures/fleets/bad has its line in the table', () => {
    const files = readdirSync(bad).filter((name) => name !== 'README.md');
    expect(files.sort()).toEqual(badFleets.map(([name]) => name).sort());
  });

  test('a file that is not there, or is a folder, is named', async () => {
    expect(await failureOf('/no/such/fleet.json')).toMatchObject({
      code: 'HOLDFAST_FLEET_FILE',
      message: '/no/such/fleet.json: expected a fleet file, but there is no such file',
    });
    expect((await failureOf(fileURLToPath(bad))).message).toMatch(/it is a folder/);
  });
});

test('the example of the product is taken, and its root gets the name root', () => {
  const fleet = parseFleet(
    `{
      "limits": { "activeTurns": 3, "residents": 4, "processes": 64, "cells": 32, "whenFull": "refuse" },
      "models": { "script": { "kind": "script" } },
      "roots": [ { "prompt": "Check the build", "model": "script" } ],
      "scripts": {
        "/root": [
          [ { "call": "spawn_agent", "id": "c1", "args": { "task_name": "builder", "message": "run the build" } } ],
          [ { "call": "wait_agent", "id": "c2", "args": { "timeout_ms": 30000 } } ],
          [ { "say": "All done." } ]
        ],
        "/root/builder": [
          [ { "call": "exec_command", "id": "b1", "args": { "cmd": "sleep 1; echo ok", "yield_time_ms": 250 } } ],
          [ { "call": "write_stdin", "id": "b2", "args": { "session_id": { "$from": "b1.session_id" }, "chars": "" } } ],
          [ { "say": "The build is green." } ]
        ]
      }
    }`,
    'fleet.json',
  );
  expect(fleet.roots).toEqual([{ prompt: 'Check the build', model: 'script', name: 'root' }]);
  expect(FleetFile.is(fleet)).toBe(true);
});

test('roots without a name are called root, root2, … and give way to names that were given', () => {
  const roots = [{ prompt: '' }, { prompt: '', name: 'root2' }, { prompt: '' }, { prompt: '' }];
  const fleet = checkFleet({ ...simple, roots }, 'fleet.json');
  expect(fleet.roots.map((root) => root.name)).toEqual(['root', 'root2', 'root3', 'root4']);
  const second = checkFleet(
    { ...simple, roots: [{ prompt: '' }, { prompt: '' }, { prompt: '', name: 'root2' }] },
    'fleet.json',
  );
  expect(second.roots.map((root) => root.name)).toEqual(['root', 'root3', 'root2']);
});

test("a root's model is its own, else its role's, else the only one there is", () => {
  const fleet = {
    models: { a: { kind: 'script' }, b: { kind: 'script' } },
    roles: { tester: { model: 'b' } },
    roots: [
      { prompt: '', model: 'a', role: 'tester' },
      { prompt: '', role: 'tester' },
    ],
  };
  expect(checkFleet(fleet, 'fleet.json').roots.map((root) => root.model)).toEqual(['a', 'b']);
  expect(checkFleet({ ...simple, roots: [{ prompt: '' }] }, 'fleet.json').roots[0]?.model).toBe('script');
});

describe('a script is taken when its agent may come to exist', () => {
  const say = [[{ say: 'ok' }]];
  const taken: Array<[what: string, scripts: object, more?: object]> = [
    ['a child of a child', { '/root': [[spawn('a')]], '/root/a': [[spawn('b')]], '/root/a/b': say }],
    ['a prefix', { '/root': [[spawn('worker_1')]], '/root/worker*': say, '*': say, '/*': say, '/root/*': say }],
    ['a name that is computed', { '/root': [[spawn({ $from: 'c0.name' })]], '/root/anything/below': say }],
    ['a name spawned by a cell', { '/root': [[{ exec: 'await tools.spawn_agent({})', id: 'x' }]], '/root/a/b': say }],
    ['a child spawned by a script for a prefix', { '/root*': [[spawn('a')]], '/root/a/a/a': say }],
    [
      'a child in the tree of one root',
      { 'b:/root': [[spawn('x')]], 'b:/root/x': say },
      { roots: [{ name: 'b', prompt: '' }] },
    ],
  ];
  test.each(taken)('%s', (_what, scripts, more = {}) => {
    expect(() => checkFleet(withScripts(scripts, more), 'fleet.json')).not.toThrow();
  });

  test('a script for every agent that spawns several does not take for ever to check', () => {
    const everyone = [['a', 'b', 'c', 'd'].map((name, i) => spawn(name, `c${i}`))];
    expect(() =>
      checkFleet(withScripts({ '/root*': everyone, '/root/d/c/b/a/a/a/a/a': say }), 'fleet.json'),
    ).not.toThrow();
  });
});

test('a fleet that a program opens without roots is checked like any other', async () => {
  const log = join(tmpdir(), 'holdfast-never-made');
  for (const fleet of [{ limits: { activeTurns: 'three' } }, { limit: {} }, { roles: { r: { model: 'none' } } }]) {
    await expect(openFleet({ log, fleet: fleet as never })).rejects.toMatchObject({ code: 'HOLDFAST_FLEET_FILE' });
  }
  expect(existsSync(log)).toBe(false);
});

test('limits that are not given have the defaults of the product', () => {
  expect(completeLimits()).toEqual(defaultLimits);
  expect(completeLimits({ residents: 4, waitMs: { default: 20_000 } })).toEqual({
    ...defaultLimits,
    residents: 4,
    waitMs: { min: 10_000, default: 20_000, max: 3_600_000 },
  });
});

test('a bound of waitMs that is not given gives way to those that are', () => {
  expect(completeLimits({ waitMs: { max: 5_000 } }).waitMs).toEqual({ min: 5_000, default: 5_000, max: 5_000 });
  expect(completeLimits({ waitMs: { min: 60_000 } }).waitMs).toEqual({ min: 60_000, default: 60_000, max: 3_600_000 });
  fc.assert(
    fc.property(fc.constantFrom('min', 'default', 'max'), fc.nat(10_000_000), (key, ms) => {
      const { min, default: usual, max } = completeLimits({ waitMs: { [key]: ms } }).waitMs;
      return min <= usual && usual <= max;
    }),
  );
});

test('the search for the place of a syntax error takes exactly the texts that JSON.parse takes', () => {
  const parses = (text: string): boolean => {
    try {
      JSON.parse(text);
      return true;
    } catch {
      return false;
    }
  };
  const spoilt = fc.tuple(
    fc.json(),
    fc.nat(),
    fc.constantFrom('', '"', '{', ']', ',', ':', '\\', '1', '.', '-', 'e', 'null', '\n', '\t'),
  );
  const texts = spoilt.map(([text, n, piece]) => {
    const at = n % (text.length + 1);
    return text.slice(0, at) + piece + text.slice(at + (n % 2));
  });
  fc.assert(
    fc.property(texts, (text) => {
      const parsed = parseJson(text);
      const twice = 'fault' in parsed && parsed.fault.found.endsWith('a second time');
      fc.pre(!twice); // which JSON.parse lets pass, whatever comes after it
      expect('value' in parsed).toBe(parses(text));
    }),
    { numRuns: process.env.HOLDFAST_LONG === undefined ? 2_000 : 200_000 },
  );
});

test('checking any value whatever ends in a fleet or in HOLDFAST_FLEET_FILE, never in another error', () => {
  fc.assert(
    fc.property(fc.oneof(arbitrary(FleetFile), fc.jsonValue()), (value) => {
      try {
        expect(FleetFile.is(checkFleet(value, 'fleet.json'))).toBe(true);
      } catch (error) {
        expect((error as Failure).code).toBe('HOLDFAST_FLEET_FILE');
      }
    }),
    { numRuns: 300 },
  );
});

test('the published JSON Schema is the one that the codec gives', () => {
  const file = new URL('../fixtures/fleet.schema.json', import.meta.url);
  expect(JSON.parse(readFileSync(file, 'utf8'))).toEqual(fleetSchema());
});
