/** All planted defects by name: `R…`, `P-…` and `C-…` are races of the peer (agents.md §3, cells-and-processes.md §5) as this engine would have them, the others are our own. */
import { Failure } from '../../failure.ts';
import { agentPlants } from './agents.ts';
import { answerPlants } from './answers.ts';
import { apartPlants } from './apart.ts';
import { approvalPlants } from './approvals.ts';
import { cellPlants } from './cells.ts';
import { clientPlants } from './clients.ts';
import { diskPlants } from './disk.ts';
import { endlessPlants } from './endless.ts';
import { logPlants } from './log.ts';
import { mailPlants } from './mail.ts';
import { modelPlants } from './models.ts';
import { peoplePlants } from './people.ts';
import type { Plant } from './plant.ts';
import { processPlants } from './processes.ts';
import { registrationPlants } from './registrations.ts';
import { residencyPlants } from './residency.ts';
import { slotPlants } from './slots.ts';
import { thriftyPlants } from './thrifty.ts';

export const plants: Readonly<Record<string, Plant>> = {
  ...slotPlants,
  ...residencyPlants,
  ...agentPlants,
  ...mailPlants,
  ...modelPlants,
  ...logPlants,
  ...diskPlants,
  ...cellPlants,
  ...clientPlants,
  ...registrationPlants,
  ...answerPlants,
  ...processPlants,
  ...peoplePlants,
  ...approvalPlants,
  ...thriftyPlants,
  ...apartPlants,
};

/** R2 before R10. */
const inOrder = (a: string, b: string): number => a.localeCompare(b, 'en', { numeric: true });

export function plantNamed(name: string): Plant {
  const all = { ...plants, ...endlessPlants };
  if (Object.hasOwn(all, name)) return all[name]!;
  const names = Object.keys(all).sort(inOrder);
  throw new Failure('HOLDFAST_USAGE', `there is no planted defect ${name}`, {
    remedy: `name one of ${names.join(', ')}`,
    details: { plants: names },
  });
}
