/** Arguments of requests as they come over the socket, from whoever has the token: what makes no sense is refused. */
import { Failure } from '../failure.ts';

export function text(value: unknown): string {
  if (typeof value !== 'string') throw invalid(`${String(value)} is not a text`);
  return value;
}

export function number(value: unknown): number {
  if (typeof value !== 'number' || !Number.isFinite(value) || value < 0)
    throw invalid(`${String(value)} is not a number`);
  return value;
}

/** Columns or rows: the system keeps them in 16 bits. */
export function extent(value: unknown): number {
  const cells = Math.floor(number(value));
  if (cells < 1 || cells > 0xffff) throw invalid(`${cells} columns or rows are no size of a terminal`);
  return cells;
}

export function invalid(message: string): Failure {
  return new Failure('HOLDFAST_HOST_REQUEST_INVALID', message, { remedy: 'speak to the host through its client' });
}
