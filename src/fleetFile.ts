/**
 * Reads a fleet file and says, in one error, the first thing that is wrong with it: file, JSON path, what was expected,
 * what was found, and what to do. What passes here runs.
 */
import { readFile } from 'node:fs/promises';
import { explainer } from '../events/explain.ts';
import { FleetFile } from '../events/fleetFile.ts';
import { keyPath } from '../events/jsonPath.ts';
import { completeLimits } from '../events/limits.ts';
import { Failure } from './failure.ts';
import { type Fault, fleetFailure } from './fleet/fault.ts';
import { type CheckedFleet, fleetOf } from './fleet/fleetOf.ts';
import { parseJson } from './fleet/jsonText.ts';
import { pricesFault } from './fleet/prices.ts';
import { clientlessFault, rootsFault } from './fleet/roots.ts';
import { scriptItemsFault } from './fleet/scriptItems.ts';
import { scriptKeysFault } from './fleet/scriptKeys.ts';

export type { CheckedFleet } from './fleet/fleetOf.ts';

const explainFleet = explainer(FleetFile);

function waitFault({ limits }: FleetFile): Fault | undefined {
  const { min, default: usual, max } = completeLimits(limits).waitMs;
  if (min <= usual && usual <= max) return undefined;
  const expected = 'min ≤ default ≤ max';
  return { path: '$.limits.waitMs', expected, found: `min ${min}, default ${usual}, max ${max}` };
}

function redactFault({ redact }: FleetFile): Fault | undefined {
  for (const [i, pattern] of (redact?.patterns ?? []).entries()) {
    try {
      new RegExp(pattern);
    } catch (error) {
      const found = `${JSON.stringify(pattern)} (${(error as Error).message})`;
      return { path: keyPath('$.redact.patterns', i), expected: 'a regular expression', found };
    }
  }
  return undefined;
}

/** What is wrong with a value as a fleet file; `undefined` when it holds together. */
function faultOf(value: unknown): Fault | undefined {
  const file = value as FleetFile;
  return faultBesideKeys(value) ?? clientlessFault(file) ?? scriptKeysFault(fleetOf(file));
}

/** All but whether the agents of its scripts can come to be. */
function faultBesideKeys(value: unknown): Fault | undefined {
  const mistake = explainFleet(value);
  if (mistake !== undefined) return mistake;
  const file = value as FleetFile;
  return waitFault(file) ?? redactFault(file) ?? rootsFault(file) ?? pricesFault(file) ?? scriptItemsFault(file);
}

/** Throws HOLDFAST_FLEET_FILE; `name` is what the error calls the file. */
export function checkFleet(value: unknown, name: string): CheckedFleet {
  const fault = faultOf(value);
  if (fault !== undefined) throw fleetFailure(name, fault);
  return fleetOf(structuredClone(value as FleetFile));
}

/** As `checkFleet`, from JSON text: syntax errors come with line and column. */
export function parseFleet(text: string, name: string): CheckedFleet {
  const parsed = parseJson(text);
  if ('fault' in parsed) throw fleetFailure(name, parsed.fault);
  return checkFleet(parsed.value, name);
}

const unreadable: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  EISDIR: 'it is a folder',
  EACCES: 'this user may not read it',
};

export const readFleetFile = async (path: string): Promise<CheckedFleet> => parseFleet(await textOf(path), path);

/** Throws HOLDFAST_FLEET_FILE. For a fleet whose roots come later: who will be spawned is not known. */
export function checkRootless(value: unknown, name: string): Omit<FleetFile, 'roots'> {
  const given = value as Partial<FleetFile> | null;
  const isObject = typeof given === 'object' && given !== null && !Array.isArray(given);
  const [model] = Object.keys(given?.models ?? {});
  const later = { prompt: '', ...(model !== undefined && { model }) };
  const fault = faultBesideKeys(isObject && given.roots === undefined ? { ...given, roots: [later] } : given);
  if (fault !== undefined) throw fleetFailure(name, fault);
  const { roots: _, ...rest } = given as FleetFile;
  return rest;
}

/** For a fleet whose roots are clients: `roots` may be absent and is left out. */
export async function readClientsFleet(path: string): Promise<Omit<FleetFile, 'roots'>> {
  const parsed = parseJson(await textOf(path));
  if ('fault' in parsed) throw fleetFailure(path, parsed.fault);
  return checkRootless(parsed.value, path);
}

async function textOf(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code ?? '';
    const found = unreadable[code] ?? `it cannot be read (${(cause as Error).message})`;
    throw new Failure('HOLDFAST_FLEET_FILE', `${path}: expected a fleet file, but ${found}`, {
      remedy: 'give the path of a fleet file; `holdfast demo` shows one at work',
      details: { file: path, path: '$', expected: 'a fleet file', found },
      cause,
    });
  }
}
