/** Long texts lie in blobs beside the log: a model gets them back whole. */
import { Blob, type Text } from '../../events/fact.ts';
import type { Image } from '../../events/turn.ts';
import type { HistoryItem } from '../../projections/history.ts';
import { Failure } from '../failure.ts';
import type { LogReader } from '../log/port.ts';

/** The texts of an item that may be long. */
function textsOf(item: HistoryItem): readonly unknown[] {
  if (item.kind === 'call') return [(item.args as { readonly source?: unknown } | undefined)?.source];
  if (item.kind === 'result' && item.images !== undefined)
    return [item.text, ...item.images.map(({ imageUrl }) => imageUrl)];
  return [item.text];
}

const isBlob = (text: unknown): text is Exclude<Text, string> => Blob.is(text);

/** Rejects with HOLDFAST_LOG_DAMAGED where a blob is missing or changed. */
export async function wholeText(log: LogReader, text: Text): Promise<string> {
  if (typeof text === 'string') return text;
  try {
    return Buffer.from(await log.blob(text.blob)).toString('utf8');
  } catch (error) {
    // What an operator has removed is no longer there for anybody; the agent is told so and goes on.
    if (error instanceof Failure && error.code === 'HOLDFAST_PAYLOAD_FORGOTTEN')
      return `[${text.bytes} bytes that were forgotten]`;
    throw error;
  }
}

export const wholeImages = (log: LogReader, images: readonly Image[]): Promise<Image[]> =>
  Promise.all(images.map(async (image) => ({ ...image, imageUrl: await wholeText(log, image.imageUrl) })));

/** The same items where no text is long. Rejects with HOLDFAST_LOG_DAMAGED where a blob is missing or changed. */
export async function wholeTexts(log: LogReader, items: readonly HistoryItem[]): Promise<readonly HistoryItem[]> {
  if (!items.some((item) => textsOf(item).some(isBlob))) return items;
  const whole = async (text: unknown): Promise<unknown> => (isBlob(text) ? wholeText(log, text) : text);
  return Promise.all(
    items.map(async (item): Promise<HistoryItem> => {
      if (!textsOf(item).some(isBlob)) return item;
      if (item.kind === 'result' && item.images !== undefined)
        return { ...item, text: await wholeText(log, item.text), images: await wholeImages(log, item.images) };
      if (item.kind !== 'call') return { ...item, text: await whole(item.text) } as HistoryItem;
      const { source, ...args } = item.args as { readonly source?: unknown };
      return { ...item, args: { ...args, source: await whole(source) } };
    }),
  );
}
