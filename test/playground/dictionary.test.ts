/* The dictionary of the playground: packed, unpacked, and as vectors. */

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeDictionary, encodeDictionary, quantised } from '../../playground/dictionary/dictionary.js';
import { embedder } from '../../playground/dictionary/embed.js';

const DIMENSIONS = 5;
const component = fc.float({ min: -3, max: 3, noNaN: true });
const vocabulary = fc.dictionary(
  fc.stringMatching(/^[a-z0-9]{1,6}$/),
  fc.array(component, { minLength: DIMENSIONS, maxLength: DIMENSIONS }),
  { noNullPrototype: true, minKeys: 1, maxKeys: 12 },
);
const vectorsOf = (known: Record<string, number[]>) =>
  quantised(Object.keys(known), DIMENSIONS, (word) => known[word]);

describe('the dictionary', () => {
  it('comes out of its bytes as it went in', () => {
    const text = fc.string({ unit: 'grapheme' });
    const entry = fc.record({ words: fc.array(text), pos: text, domain: text });
    const definitions = fc.array(fc.record({ id: text, text, entry }));
    fc.assert(
      fc.property(definitions, vocabulary, (definitions, known) => {
        const dictionary = { definitions, vectors: vectorsOf(known) };
        expect(decodeDictionary(encodeDictionary(dictionary).buffer)).toEqual(dictionary);
      }),
    );
  });

  it('has each component to half a step', () => {
    fc.assert(
      fc.property(vocabulary, (known) => {
        const { words, scales, components } = vectorsOf(known);
        words.forEach((word, row) => {
          const most = Math.max(...known[word].map(Math.abs));
          known[word].forEach((exact, d) => {
            const error = Math.abs(components[row * DIMENSIONS + d] * scales[row] - exact);
            expect(error).toBeLessThanOrEqual((most / 127) * 0.501 + 1e-30);
          });
        });
      }),
    );
  });

  it('embeds a text as the mean of its words, and says which it does not know', () => {
    fc.assert(
      fc.property(vocabulary, fc.infiniteStream(fc.nat()), fc.nat(8), (known, luck, length) => {
        const words = Object.keys(known);
        const chosen = [...luck.take(length)].map((n) =>
          n % 3 === 0 ? 'elsewhere' : words[n % words.length],
        );
        const { vector, unknown } = embedder(vectorsOf(known))(chosen.join(', ').toUpperCase());
        expect(unknown).toEqual(
          chosen.includes('elsewhere') && !words.includes('elsewhere') ? ['elsewhere'] : [],
        );
        for (let d = 0; d < DIMENSIONS; d++) {
          const sum = chosen.reduce((sum, word) => sum + (words.includes(word) ? known[word][d] : 0), 0);
          expect(vector[d]).toBeCloseTo(sum / Math.max(1, chosen.length), 1);
        }
      }),
    );
  });
});
