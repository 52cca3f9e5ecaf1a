/*
 * Bytes of a file or a pipe, taken in pieces of the size that a format needs.
 */

import { createReadStream, statSync } from 'node:fs';
import { CommandFailure } from '../streams.js';

/** Something to be read: how many bytes there are, where that is known, and how many have been read. */
export interface Input {
  readonly name: string;
  readonly chunks: AsyncIterable<Uint8Array>;
  readonly total: number | undefined;
  readonly read: () => number;
}

/** Opens a file, or with `-` a pipe. */
export function openInput(file: string, stdin: NodeJS.ReadableStream): Input {
  const isPipe = file === '-';
  const total = isPipe ? undefined : statSync(file).size;
  const stream = (isPipe ? stdin : createReadStream(file, { highWaterMark: 1 << 20 })) as AsyncIterable<
    Uint8Array | string
  >;
  let read = 0;
  async function* counted(): AsyncGenerator<Uint8Array> {
    for await (const chunk of stream) {
      const bytes = typeof chunk === 'string' ? new TextEncoder().encode(chunk) : chunk;
      read += bytes.length;
      yield bytes;
    }
  }
  return { name: isPipe ? 'the pipe' : file, chunks: counted(), total, read: () => read };
}

/** Takes bytes in pieces of any size. */
export class ByteSource {
  readonly #input: AsyncIterator<Uint8Array>;
  readonly #name: string;
  #rest: Uint8Array = new Uint8Array();

  constructor({ chunks, name }: Input) {
    this.#input = chunks[Symbol.asyncIterator]();
    this.#name = name;
  }

  /** The next so many bytes, a copy; `undefined` at the end. @throws {@link CommandFailure} where it ends within them */
  async take(count: number): Promise<Uint8Array<ArrayBuffer> | undefined> {
    const taken = new Uint8Array(count);
    let at = 0;
    while (at < count) {
      if (this.#rest.length === 0) {
        const next = await this.#input.next();
        if (next.done === true) break;
        this.#rest = next.value;
        continue;
      }
      const part = this.#rest.subarray(0, count - at);
      taken.set(part, at);
      at += part.length;
      this.#rest = this.#rest.subarray(part.length);
    }
    if (at === count) return taken;
    if (at === 0) return undefined;
    throw new CommandFailure('CUT_OFF', `${this.#name} ends in the middle of a vector: it was cut off.`);
  }
}
