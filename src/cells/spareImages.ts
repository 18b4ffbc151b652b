/** Memory of cells that have ended, for the next ones: making it new costs more than filling it. */
import { roomFor, type SharedImage } from './jobs.ts';

const imagesMax = 64;
const imageBytesMax = 1024 * 1024;
/** A new cell fits. */
const newImageBytes = 4 * 65_536;

export class SpareImages {
  readonly #spare: SharedArrayBuffer[] = [];

  take(): SharedArrayBuffer {
    return this.#spare.pop() ?? roomFor(newImageBytes);
  }

  keep({ bytes }: SharedImage): void {
    if (bytes.byteLength <= imageBytesMax && this.#spare.length < imagesMax) this.#spare.push(bytes);
  }
}
