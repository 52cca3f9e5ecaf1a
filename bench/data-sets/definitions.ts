// Data set: definitions of WordNet as vectors.
import { type DataSet, type Wanted, dealt } from './data-set.js';
import { glosses } from './glosses.js';
import { kept } from './kept.js';
import { SEMANTIC, latentSemantic } from './latent-semantic.js';
import { MEANS, meanOfWords } from './mean-of-words.js';
import type { Nearness } from './nearness.js';

/**
 * The definitions of WordNet as vectors: natural text, not scaled to length 1. Of 100 dimensions they are means of word vectors, of others what
 * is left of the weights of their words by latent semantic analysis.
 */
export function definitions(dimensions: number, nearness: Nearness = 'cosine') {
  return async (wanted: Wanted): Promise<DataSet> => {
    const all = glosses();
    const texts = all.map(({ text }) => text);
    const words = (): string[][] => texts.map((text) => text.match(/[a-z0-9]+/g) ?? []);
    const vectors =
      dimensions === 100
        ? await kept(MEANS, dimensions, () => meanOfWords(texts))
        : await kept(SEMANTIC, dimensions, () => latentSemantic(words(), dimensions));
    const title = `definitions, ${dimensions} dimensions, ${nearness}`;
    const fields = Uint16Array.from(all, ({ field }) => field);
    return dealt({ title, nearness }, vectors, wanted, fields);
  };
}
