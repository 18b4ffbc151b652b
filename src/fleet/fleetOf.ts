/** A fleet file that holds together, with the names and models that it may leave out. */
import type { FleetFile } from '../../events/fleetFile.ts';
import { type CheckedRoot, modelOfRoot, rootNames } from './roots.ts';

export type CheckedFleet = Omit<FleetFile, 'roots'> & { readonly roots: CheckedRoot[] };

/** For fleet files whose roots are known to be sound (`rootsFault`). */
export function fleetOf(file: FleetFile): CheckedFleet {
  const names = rootNames(file.roots);
  const roots = file.roots.map((root, i) => ({
    ...root,
    name: names[i] ?? 'root',
    model: modelOfRoot(file, root) ?? '',
  }));
  return { ...file, roots };
}
