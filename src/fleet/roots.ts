/** The roots of a fleet file: their names, models and roles, and the values that are left to us. */

import type { FleetFile, Root } from '../../events/fleetFile.ts';
import { keyPath } from '../../events/jsonPath.ts';
import { nearest } from '../../events/nearest.ts';
import { completeRoles } from '../decide/roles.ts';
import type { Fault } from './fault.ts';

/** A root with what the file may leave out. */
export type CheckedRoot = Root & { readonly name: string; readonly model: string };

/** `root`, `root2`, …: by place in the list, and past names that were given. */
export function rootNames(roots: readonly Root[]): readonly string[] {
  const taken = new Set(roots.flatMap((root) => root.name ?? []));
  return roots.map((root, i) => {
    if (root.name !== undefined) return root.name;
    let n = i + 1;
    const name = () => (n === 1 ? 'root' : `root${n}`);
    while (taken.has(name())) n++;
    taken.add(name());
    return name();
  });
}

/** A root's own word, then its role's, then the only model there is. */
export function modelOfRoot(fleet: FleetFile, root: Root): string | undefined {
  const models = Object.keys(fleet.models ?? {});
  const role = root.role === undefined ? undefined : fleet.roles?.[root.role];
  return root.model ?? role?.model ?? (models.length === 1 ? models[0] : undefined);
}

const declared = (known: readonly string[], table: string): string =>
  known.length === 0 ? `a name under $.${table}, which declares none` : `a name under $.${table} (${known.join(', ')})`;

/** A name that has to be declared elsewhere in the file. */
export function undeclared(path: string, name: string, table: 'models' | 'roles', fleet: FleetFile): Fault | undefined {
  const known = Object.keys((table === 'roles' ? completeRoles(fleet.roles) : fleet.models) ?? {});
  if (known.includes(name)) return undefined;
  const meant = nearest(name, known);
  const expected = declared(known, table);
  const suggestion = meant === undefined ? '' : `; did you mean ${meant}?`;
  return {
    path,
    expected,
    found: JSON.stringify(name) + suggestion,
    remedy: `use a declared name, or declare this one under $.${table}`,
  };
}

function rootFault(fleet: FleetFile, root: Root, path: string): Fault | undefined {
  if (root.role !== undefined) {
    const fault = undeclared(`${path}.role`, root.role, 'roles', fleet);
    if (fault !== undefined) return fault;
  }
  const fault = root.model === undefined ? undefined : undeclared(`${path}.model`, root.model, 'models', fleet);
  if (fault !== undefined) return fault;
  const model = modelOfRoot(fleet, root);
  if (model !== undefined) return undefined;
  const known = Object.keys(fleet.models ?? {});
  const expected = declared(known, 'models');
  return { path: `${path}.model`, expected, found: 'nothing', remedy: 'name the model of this root, or of its role' };
}

export function rootsFault(fleet: FleetFile): Fault | undefined {
  for (const [name, role] of Object.entries(fleet.roles ?? {})) {
    const path = `${keyPath('$.roles', name)}.model`;
    const fault = role.model === undefined ? undefined : undeclared(path, role.model, 'models', fleet);
    if (fault !== undefined) return fault;
  }
  const names = new Map<string, number>();
  for (const [i, root] of fleet.roots.entries()) {
    const path = keyPath('$.roots', i);
    const fault = rootFault(fleet, root, path);
    if (fault !== undefined) return fault;
    const first = root.name === undefined ? undefined : names.get(root.name);
    if (first !== undefined) {
      const found = `${JSON.stringify(root.name)}, the name of $.roots[${first}]`;
      return {
        path: `${path}.name`,
        expected: 'a name that no other root has',
        found,
        remedy: 'give each root its own name',
      };
    }
    if (root.name !== undefined) names.set(root.name, i);
  }
  return undefined;
}

/** A root of a file has no client that could be asked. */
export function clientlessFault(fleet: FleetFile): Fault | undefined {
  for (const [i, root] of fleet.roots.entries()) {
    const model = modelOfRoot(fleet, root) ?? '';
    if (fleet.models?.[model]?.kind !== 'sampling') continue;
    return {
      path: `${keyPath('$.roots', i)}.model`,
      expected: 'a model that answers by itself: script, responses or chat',
      found: `${JSON.stringify(model)}, which is whatever client acts as the root`,
      remedy: 'use this model for agents of clients (`holdfast mcp --fleet FILE`), and another one here',
    };
  }
  return undefined;
}
