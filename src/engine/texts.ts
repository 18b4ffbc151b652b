/** Walking through the strings of a JSON value. */

/** The same value with every string changed, but for those below a key in `except`: the same object where nothing changes. */
export function mapTexts(value: unknown, change: (text: string) => unknown, except?: ReadonlySet<string>): unknown {
  if (typeof value === 'string') return change(value);
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) {
    let copy: unknown[] | undefined;
    for (let i = 0; i < value.length; i += 1) {
      const after = mapTexts(value[i], change, except);
      if (after !== value[i]) (copy ??= [...value])[i] = after;
    }
    return copy ?? value;
  }
  let copy: Record<string, unknown> | undefined;
  for (const key in value) {
    const before = (value as Record<string, unknown>)[key];
    const after = except?.has(key) ? before : mapTexts(before, change, except);
    if (after !== before) (copy ??= { ...value })[key] = after;
  }
  return copy ?? value;
}
