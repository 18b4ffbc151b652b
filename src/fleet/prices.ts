/** Where money is limited every model has to have a price: what is not counted would not be limited. */
import type { FleetFile } from '../../events/fleetFile.ts';
import { keyPath } from '../../events/jsonPath.ts';
import { unpriced } from '../decide/budget.ts';
import type { Fault } from './fault.ts';
import { undeclared } from './roots.ts';

export function pricesFault(fleet: FleetFile): Fault | undefined {
  for (const name of Object.keys(fleet.prices ?? {})) {
    const fault = undeclared(keyPath('$.prices', name), name, 'models', fleet);
    if (fault !== undefined) return fault;
  }
  const { money, perAgent } = fleet.budget ?? {};
  const [missing] = unpriced(fleet);
  if ((money ?? perAgent?.money) === undefined || missing === undefined) return undefined;
  return {
    path: keyPath('$.prices', missing),
    expected: 'the price of a model, as {"input": 2.5, "cachedInput": 0.25, "output": 10} for a million tokens',
    found: 'nothing, and the budget limits money',
    remedy: 'give each model a price (0 for one that costs nothing), or limit tokens',
  };
}
