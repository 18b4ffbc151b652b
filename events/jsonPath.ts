/** How errors point into a JSON document, and how they show what they found there. */

/** `$.roots[0].model`, `$.scripts["/root/a"]`. */
export function keyPath(path: string, key: string | number): string {
  if (typeof key === 'number') return `${path}[${key}]`;
  return /^[A-Za-z_$][\w$]*$/.test(key) ? `${path}.${key}` : `${path}[${JSON.stringify(key)}]`;
}

/** Characters of a value that an error shows. */
const shownMax = 60;

export function inOneLine(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (Array.isArray(value)) return value.length === 0 ? 'an empty array' : `an array of ${value.length}`;
  if (typeof value === 'object' && value !== null) {
    const keys = Object.keys(value);
    return keys.length === 0 ? 'an empty object' : `an object with ${shortened(keys.join(', '))}`;
  }
  return typeof value === 'string' ? shortened(JSON.stringify(value)) : String(value);
}

const shortened = (text: string): string => (text.length > shownMax ? `${text.slice(0, shownMax)}…` : text);
