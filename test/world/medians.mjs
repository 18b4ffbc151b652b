/**
 * How many histories it takes to find each planted defect: `npm run plants [-- NAME…]` prints a table, one line as soon as
 * it is known. Five searches from seeds far from each other, each of 3 000 histories at most. It needs the build.
 */
import { fuzz } from '../../dist/src/simulate/fuzz.js';
import { plantNamed, plants } from '../../dist/src/simulate/plants/registry.js';

const seeds = [1, 100_000, 200_000, 300_000, 400_000];
const runsMax = 3_000;
/** What the median plant has to be found in, and what is worth a look. */
const wanted = 1_000;

const median = (numbers) => [...numbers].sort((a, b) => a - b)[numbers.length >> 1];
const shown = (runs) => (runs > runsMax ? `> ${runsMax}` : String(runs));
const row = (plant, middle, each, promises) =>
  console.log(`${plant.padEnd(28)} ${middle.padStart(7)}   ${each.padEnd(34)} ${promises}`);

const names = process.argv.slice(2);
for (const name of names) plantNamed(name);

row('plant', 'median', 'histories of each search', 'found by');
const medians = new Map();
for (const plant of names.length > 0 ? names : Object.keys(plants)) {
  const needed = [];
  const promises = new Set();
  for (const seed of seeds) {
    const { failure, runs } = await fuzz({ seed, runs: runsMax, plant, shrink: false });
    needed.push(failure === undefined ? runsMax + 1 : runs);
    if (failure !== undefined) promises.add(failure.violated);
  }
  medians.set(plant, median(needed));
  row(plant, shown(median(needed)), needed.map(shown).join(', '), [...promises].join(', '));
}
const late = [...medians].filter(([, runs]) => runs > wanted).map(([plant]) => plant);
console.log(
  `\nthe median plant: ${shown(median([...medians.values()]))}; above ${wanted}: ${late.join(', ') || 'none'}`,
);
process.exitCode = median([...medians.values()]) > wanted ? 1 : 0;
