// A process with an index of its own: two of these together show what the machine can do at most.
import { createIndex, searchMany } from '../../dist/index.js';
import { realVectors } from '../words-index.js';

const [words, ms] = process.argv.slice(2).map(Number);
const { dimensions, postings, queries } = await realVectors({ words, quick: false });
const index = createIndex({ dimensions }, postings);
const some = queries.slice(0, 250);
const round = (): number => searchMany(index, some, { k: 10, recall: 0.95 }).length;
round();
process.send?.('ready');
process.on('message', () => {
  let done = 0;
  const startedAt = performance.now();
  while (performance.now() - startedAt < ms) done += round();
  process.send?.((done / (performance.now() - startedAt)) * 1000);
  process.disconnect();
});
