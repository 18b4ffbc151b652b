/** What is wrong with a fleet file: a mistake of the document, with the way out of it. */
import { type Mistake, sentence } from '../../events/mistake.ts';
import { Failure } from '../failure.ts';

export interface Fault extends Mistake {
  /** What the person can do. */
  readonly remedy?: string;
  /** Where in the text, from 1, when the text is no JSON. */
  readonly line?: number;
  readonly column?: number;
  /** The whole sentence, where "expected …, found …" would be a worse one. */
  readonly told?: string;
}

const usual = 'mend this place in the file; holdfast/fixtures/fleet.schema.json describes all of it';

export function fleetFailure(file: string, fault: Fault, cause?: unknown): Failure {
  const { path, expected, found, meant, line, column, remedy = usual } = fault;
  const place = line === undefined ? path : `${path} (line ${line}, column ${column})`;
  const message = fault.told === undefined ? sentence({ ...fault, path: place }) : `${place}: ${fault.told}`;
  const where = { ...(line !== undefined && { line, column }), ...(meant !== undefined && { meant }) };
  return new Failure('HOLDFAST_FLEET_FILE', `${file}: ${message}`, {
    remedy,
    details: { file, path, expected, found, ...where },
    cause,
  });
}
