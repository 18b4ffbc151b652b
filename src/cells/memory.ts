/** The memory of one QuickJS. A cell at rest is a copy of what is in use of it: its data and its heap, and not the stack between them. */
import { assert } from '../failure.ts';
import {
  heapEndPlace,
  initialPages,
  type Pointer,
  pageBytes,
  type QuickJs,
  type QuickJsModule,
  stackRegionBytes,
} from './quickjs.ts';

/** A cell at rest. */
export interface Image {
  /** Data of the module, then its heap; the stack between them is empty at rest. */
  readonly bytes: Uint8Array;
  /** Of `bytes`, those in use. */
  readonly size: number;
  /** Size of the memory, in pages. */
  readonly pages: number;
  /** The promise of the cell's module; 0 before it was evaluated. */
  readonly main: Pointer;
}

export class CellMemory {
  readonly #js: QuickJs;
  readonly #stackTop: Pointer;
  readonly #dataEnd: Pointer;
  readonly #heapEndAt: Pointer;

  /** `js`: nothing has run in it yet, its stack is empty. */
  constructor(module: QuickJsModule, js: QuickJs) {
    this.#js = js;
    this.#stackTop = js.stackCurrent();
    this.#dataEnd = this.#stackTop - stackRegionBytes;
    this.#heapEndAt = heapEndPlace(module);
  }

  get pages(): number {
    return this.#js.memory.buffer.byteLength / pageBytes;
  }

  /** Whether it is larger than a new one; it can never shrink. */
  get grown(): boolean {
    return this.pages > initialPages;
  }

  /** The heap as it lies there, beyond what is in use too. */
  get heapBytes(): Uint8Array {
    return new Uint8Array(this.#js.memory.buffer, this.#stackTop);
  }

  load({ bytes, size, pages }: Image): void {
    const { memory } = this.#js;
    assert(this.pages <= pages, 'a memory that has grown takes no smaller cell');
    const used = this.#heapEnd();
    if (pages > this.pages) memory.grow(pages - this.pages);
    const all = new Uint8Array(memory.buffer);
    all.set(bytes.subarray(0, this.#dataEnd), 0);
    all.set(bytes.subarray(this.#dataEnd, size), this.#stackTop);
    const end = this.#heapEnd();
    if (used > end) all.fill(0, end, used);
    this.#js.stackRestore(this.#stackTop);
  }

  /** Into `room` where that is large enough. */
  save(main: Pointer, room?: (bytes: number) => Uint8Array | undefined): Image {
    const { buffer } = this.#js.memory;
    const size = this.#dataEnd + this.#heapEnd() - this.#stackTop;
    const bytes = room?.(size) ?? new Uint8Array(size);
    bytes.set(new Uint8Array(buffer, 0, this.#dataEnd), 0);
    bytes.set(new Uint8Array(buffer, this.#stackTop, size - this.#dataEnd), this.#dataEnd);
    return { bytes, size, pages: this.pages, main };
  }

  #heapEnd(): Pointer {
    return new Uint32Array(this.#js.memory.buffer, this.#heapEndAt, 1)[0]!;
  }
}
