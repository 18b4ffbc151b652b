/** The names under which scripts call tools: what no identifier may have becomes `_`, and each tool keeps a name of its own. */

const identifier = (name: string): string => {
  const allowed = name.replaceAll(/[^A-Za-z0-9_$]/g, '_').replace(/^[0-9]/, '_');
  return allowed === '' ? '_' : allowed;
};

/** In the order of `names`; of two that would be the same, the later one gets `_2`, `_3` … behind it. */
export function identifiers(names: readonly string[]): string[] {
  const taken = new Set<string>();
  return names.map((name) => {
    const plain = identifier(name);
    let own = plain;
    for (let n = 2; taken.has(own); n += 1) own = `${plain}_${n}`;
    taken.add(own);
    return own;
  });
}
