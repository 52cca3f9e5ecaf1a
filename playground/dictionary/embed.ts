// Turns a text into a vector in the page: the mean of its words' vectors, which are weighted and centred already.
import type { WordVectors } from './dictionary.js';

/** A text as a vector, and what of it had no part in that. */
export interface Embedded {
  /** Nothing but zeros where no word is known. */
  readonly vector: Float32Array;
  readonly unknown: readonly string[];
}

/** Embeds texts by these words. Time of each: O(words · dimensions). */
export function embedder(vectors: WordVectors): (text: string) => Embedded {
  const { words, dimensions, scales, components } = vectors;
  const rows = new Map(words.map((word, row) => [word, row]));
  return (text) => {
    const found = wordsIn(text);
    const vector = new Float32Array(dimensions);
    const unknown = new Set<string>();
    for (const word of found) {
      const row = rows.get(word);
      if (row === undefined) {
        unknown.add(word);
        continue;
      }
      const scale = scales[row] / found.length;
      const at = row * dimensions;
      for (let d = 0; d < dimensions; d++) vector[d] += scale * components[at + d];
    }
    return { vector, unknown: [...unknown] };
  };
}

/** The words of a text as the vectors name them. */
export function wordsIn(text: string): string[] {
  return text.toLowerCase().match(/[a-z0-9]+/g) ?? [];
}
