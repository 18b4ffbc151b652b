/** What looks like a secret in a rollout does not enter a log (LO7). Nothing is run again from an import, so the values are kept nowhere. */
import { Secrets } from '../engine/secrets.ts';
import { mapTexts } from '../engine/texts.ts';
import type { SecretStore } from '../log/port.ts';

const nowhere: SecretStore = { keep: () => 'not kept', value: () => undefined };
const secrets = new Secrets(nowhere);

/** Whether any text of a line looks like one; the line as it is written in the file. */
export const holdsSecret = (line: string): boolean => secrets.hide(line) !== line;

export const concealed = <A>(value: A): A => mapTexts(value, (text) => secrets.hide(text)) as A;
