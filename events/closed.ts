/**
 * Records without unknown keys. `t.exact` of io-ts drops unknown keys when it decodes and lets them pass in `is`; a file
 * written by a person has to have a misspelt key named instead, and the log wants `is` and `decode` to agree.
 */
import * as E from 'fp-ts/lib/Either.js';
import * as t from 'io-ts';

/** Every key that a record codec knows, through intersections, refinements and readonly. */
export function keysOf(codec: t.HasProps): readonly string[] {
  switch (codec._tag) {
    case 'RefinementType':
    case 'ReadonlyType':
      return keysOf(codec.type);
    case 'IntersectionType':
      return codec.types.flatMap(keysOf);
    default:
      return Object.keys(codec.props);
  }
}

export function closed<C extends t.HasProps>(codec: C, name: string = codec.name): t.ExactC<C> {
  const known = new Set(keysOf(codec));
  return new t.ExactType(
    name,
    (u): u is t.TypeOf<C> => codec.is(u) && Object.keys(u as object).every((key) => known.has(key)),
    (u, context) => {
      const decoded = codec.validate(u, context);
      if (E.isLeft(decoded)) return decoded;
      const unknown = Object.keys(u as object).filter((key) => !known.has(key));
      if (unknown.length === 0) return decoded;
      const at = (key: string) => t.appendContext(context, key, t.never, (u as Record<string, unknown>)[key]);
      return t.failures(unknown.map((key) => ({ value: u, context: at(key), message: 'unknown key' })));
    },
    codec.encode,
    codec,
  );
}

/** Required and optional members, and nothing else. */
export const closedShape = <R extends t.Props, O extends t.Props>(required: R, optional: O, name: string) =>
  closed(t.intersection([t.type(required), t.partial(optional)]), name);
