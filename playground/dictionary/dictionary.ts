// The dictionary as the page loads it: definitions of WordNet, and the words in them with vectors of a byte a component.

/** What is known of an entry besides its definition: the metadata of its document. */
export interface Entry {
  /** The words that mean it, the usual one first. */
  words: string[];
  /** Its part of speech. */
  pos: string;
  /** What kind of thing it is, such as `animal`, `food` or `motion`. */
  domain: string;
}

/** An entry with its definition. */
export interface Definition {
  /** Part of speech and place in WordNet's file, such as `noun-02084071`. */
  readonly id: string;
  readonly text: string;
  readonly entry: Entry;
}

/** Words with their vectors, a row each; a component is a byte times the scale of its row. */
export interface WordVectors {
  readonly words: readonly string[];
  readonly dimensions: number;
  readonly scales: Float32Array;
  readonly components: Int8Array;
}

/** All that the page loads. */
export interface Dictionary {
  readonly definitions: readonly Definition[];
  readonly vectors: WordVectors;
}

/** What a byte can hold, either way. */
const MOST = 127;

/** Rounds vectors to a byte a component, so that the largest component of each is ±127. */
export function quantised(
  words: readonly string[],
  dimensions: number,
  vectorOf: (word: string) => ArrayLike<number>,
): WordVectors {
  const scales = new Float32Array(words.length);
  const components = new Int8Array(words.length * dimensions);
  words.forEach((word, row) => {
    const vector = Array.from(vectorOf(word));
    const scale = Math.fround(Math.max(...vector.map(Math.abs)) / MOST);
    scales[row] = scale;
    if (scale > 0)
      components.set(
        vector.map((component) => Math.round(component / scale)),
        row * dimensions,
      );
  });
  return { words, dimensions, scales, components };
}

/** What goes as JSON in front of the numbers; definitions as lists, which are a third shorter. */
interface Header {
  readonly dimensions: number;
  readonly words: readonly string[];
  readonly definitions: readonly (readonly [
    id: string,
    pos: string,
    domain: string,
    words: readonly string[],
    text: string,
  ])[];
}

/** Packs a dictionary: the length of the JSON, the JSON up to a multiple of four bytes, scales, components. */
export function encodeDictionary({ definitions, vectors }: Dictionary): Uint8Array<ArrayBuffer> {
  const { words, dimensions, scales, components } = vectors;
  const header: Header = {
    dimensions,
    words,
    definitions: definitions.map(({ id, text, entry }) => [id, entry.pos, entry.domain, entry.words, text]),
  };
  const json = new TextEncoder().encode(JSON.stringify(header));
  const numbersAt = 4 + 4 * Math.ceil(json.length / 4);
  const bytes = new Uint8Array(numbersAt + scales.byteLength + components.byteLength).fill(
    0x20,
    4,
    numbersAt,
  );
  new DataView(bytes.buffer).setUint32(0, numbersAt - 4, true);
  bytes.set(json, 4);
  bytes.set(new Uint8Array(scales.buffer, scales.byteOffset, scales.byteLength), numbersAt);
  bytes.set(
    new Uint8Array(components.buffer, components.byteOffset, components.byteLength),
    numbersAt + scales.byteLength,
  );
  return bytes;
}

/** Reads what {@link encodeDictionary} packed. */
export function decodeDictionary(buffer: ArrayBuffer): Dictionary {
  const numbersAt = 4 + new DataView(buffer).getUint32(0, true);
  const { dimensions, words, definitions } = JSON.parse(
    new TextDecoder().decode(new Uint8Array(buffer, 4, numbersAt - 4)),
  ) as Header;
  const scales = new Float32Array(buffer, numbersAt, words.length);
  return {
    definitions: definitions.map(([id, pos, domain, words, text]) => ({
      id,
      text,
      entry: { words: [...words], pos, domain },
    })),
    vectors: {
      words,
      dimensions,
      scales,
      components: new Int8Array(buffer, numbersAt + scales.byteLength, words.length * dimensions),
    },
  };
}
