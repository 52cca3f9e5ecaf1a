// Data set: definitions by their hashed trigrams.
import { type DataSet, type Wanted, dealt } from './data-set.js';
import { glosses } from './glosses.js';
import { dense, weighted } from './sparse.js';

/** Definitions by which three characters in a row they have, hashed to as many places as there are dimensions. */
export function trigrams(dimensions: number) {
  return (wanted: Wanted): DataSet => {
    const all = glosses();
    const texts = all.map(({ text }) =>
      Array.from({ length: Math.max(0, text.length - 2) }, (_, i) => placeOf(text, i) % dimensions),
    );
    const title = `trigrams of definitions, ${dimensions} dimensions, cosine`;
    const fields = Uint16Array.from(all, ({ field }) => field);
    return dealt({ title, nearness: 'cosine' }, dense(weighted(texts, dimensions)), wanted, fields);
  };
}

/** FNV-1a of three characters, with its high bits mixed into the low ones. */
function placeOf(text: string, at: number): number {
  let hash = 0x811c9dc5;
  for (let i = at; i < at + 3; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return (hash ^ (hash >>> 15)) >>> 0;
}
