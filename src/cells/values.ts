/** Values of one QuickJS as its host has them: texts go in and come out, everything else is a pointer. */
import { Halt } from './halt.ts';
import type { Pointer, QuickJs } from './quickjs.ts';

const encoder = new TextEncoder();
const decoder = new TextDecoder();

export class Values {
  readonly undefined: Pointer;
  readonly #js: QuickJs;
  readonly #context: Pointer;
  readonly #arguments: Pointer;

  constructor(js: QuickJs, context: Pointer) {
    this.#js = js;
    this.#context = context;
    this.undefined = js.QTS_GetUndefined();
    this.#arguments = js.malloc(8);
  }

  /** For functions of the module that leave something there. */
  get scratch(): Pointer {
    return this.#arguments;
  }

  text(value: Pointer): string {
    const at = this.#js.QTS_GetString(this.#context, value);
    const text = this.bytesAt(at);
    this.#js.QTS_FreeCString(this.#context, at);
    return text;
  }

  /** The text of a value, which is then let go. */
  take(value: Pointer): string {
    const text = this.text(value);
    this.#js.QTS_FreeValuePointer(this.#context, value);
    return text;
  }

  /** UTF-8 that ends with a 0. */
  bytesAt(at: Pointer): string {
    const bytes = new Uint8Array(this.#js.memory.buffer);
    return decoder.decode(bytes.subarray(at, bytes.indexOf(0, at)));
  }

  newText(text: string): Pointer {
    const at = this.#allocate(text);
    const value = this.#js.QTS_NewString(this.#context, at.pointer);
    this.#js.free(at.pointer);
    return value;
  }

  newFunction(name: string, parameters: number): Pointer {
    return this.#js.QTS_NewFunction(this.#context, this.#allocate(name).pointer, parameters, 0, 1);
  }

  member(object: Pointer, name: string | number): Pointer {
    return this.#js.QTS_GetProp(this.#context, object, this.newText(String(name)));
  }

  /** Nothing is let go. */
  call(entry: Pointer, argument: Pointer): Pointer {
    new Uint32Array(this.#js.memory.buffer, this.#arguments, 1)[0] = argument;
    return this.#js.QTS_Call(this.#context, entry, this.undefined, 1, this.#arguments);
  }

  callWith(entry: Pointer, argument?: string): Pointer {
    if (argument === undefined) return this.call(entry, this.undefined);
    const value = this.newText(argument);
    const result = this.call(entry, value);
    this.#js.QTS_FreeValuePointer(this.#context, value);
    return result;
  }

  evaluate(source: string, name: string, flags: number): Pointer {
    const js = this.#js;
    const code = this.#allocate(source);
    const file = this.#allocate(name);
    const result = js.QTS_Eval(this.#context, code.pointer, code.size, file.pointer, 0, flags);
    js.free(code.pointer);
    js.free(file.pointer);
    return result;
  }

  /** Throws inside the module. */
  raise(text: string): void {
    const js = this.#js;
    const error = js.QTS_NewError(this.#context);
    js.QTS_SetProp(this.#context, error, this.newText('message'), this.newText(text));
    js.QTS_Throw(this.#context, error);
  }

  /** What a result throws instead; 0: nothing. */
  thrown(result: Pointer): Pointer {
    return this.#js.QTS_ResolveException(this.#context, result);
  }

  /** UTF-8 with a 0 behind it. */
  #allocate(text: string): { pointer: Pointer; size: number } {
    const bytes = encoder.encode(text);
    const pointer = this.#js.malloc(bytes.length + 1);
    if (pointer === 0) throw new Halt('HOLDFAST_CELL_MEMORY_LIMIT', '');
    const memory = new Uint8Array(this.#js.memory.buffer);
    memory.set(bytes, pointer);
    memory[pointer + bytes.length] = 0;
    return { pointer, size: bytes.length };
  }
}
