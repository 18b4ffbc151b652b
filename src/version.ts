/** Which Holdfast this is, as its package says. */
import { readFileSync } from 'node:fs';

const place = import.meta.url.includes('/dist/') ? '../../package.json' : '../package.json';
const { version: ours } = JSON.parse(readFileSync(new URL(place, import.meta.url), 'utf8')) as { version: string };

export const version: string = ours;
