/** HTML as text in which everything that was not written here is escaped. */

export interface Markup {
  readonly html: string;
}

const escapes: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** Controls and marks that turn the direction of writing around become a replacement sign. */
const unsafe = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;

export const escaped = (text: string): string =>
  text.replaceAll(unsafe, '\ufffd').replaceAll(/[&<>"']/g, (character) => escapes[character]!);

type Part = string | number | Markup | readonly Markup[];

const htmlOf = (part: Part): string =>
  typeof part === 'string' || typeof part === 'number'
    ? escaped(String(part))
    : 'html' in part
      ? part.html
      : part.map(({ html }) => html).join('');

/** `html\`<b>${text}</b>\``: text is escaped, markup and lists of it are not. */
export const html = (fixed: TemplateStringsArray, ...parts: readonly Part[]): Markup => ({
  html: fixed.reduce((all, piece, i) => all + htmlOf(parts[i - 1]!) + piece),
});

export const nothing: Markup = { html: '' };
