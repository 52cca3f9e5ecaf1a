import { type ShardexIndex, search } from '../dist/index.js';
import type { Report } from './report.js';
import { count, time } from './units.js';
import type { Words } from './words.js';

/** How many neighbours are printed. */
const NEIGHBOURS = 5;
/** Words that are searched for to warm up, and then once more to be measured. */
const WARM = 2000;

/** Prints the words nearest to each query. */
export function nearestWords(
  report: Report,
  index: ShardexIndex,
  words: Words,
  queries: readonly string[],
): void {
  report.step(
    'Find the nearest words',
    'Each line has a word and the five words nearest to it by cosine. The score is 1 for the same direction and 0 for the opposite one.',
  );
  const widest = Math.max(...queries.map((query) => query.length));
  const times: number[] = [];
  for (const query of new Set(queries)) {
    const name = query.padEnd(widest + 2);
    const at = words.words.indexOf(query);
    if (at < 0) {
      report.say(`${name} is not among the ${count(words.words.length)} words that were loaded`);
      continue;
    }
    const startedAt = performance.now();
    // The nearest of all is the word itself, which says nothing.
    const filter = ({ documentId }: { documentId: string }): boolean => documentId !== query;
    const hits = search(index, words.vector(at), { k: NEIGHBOURS, filter });
    times.push(performance.now() - startedAt);
    const found = hits.map(({ documentId, score }) => `${documentId} ${score.toFixed(3)}`);
    report.say(`${name} ${found.join('   ')}`);
  }
  const first =
    times.length === 0
      ? ''
      : `These first searches took ${time(mean(times))} each on average: they also compress the vectors that they scan, for later searches. `;
  const warm = warmSearch(index, words);
  report.say(
    '',
    `${first}Once the index is warm, a search for the nearest 10 takes ${time(warm)}: ${count(Math.round(1000 / warm))} searches a second in one thread. By default, a search aims at a recall of 0.95: it finds 95 % of the true nearest, on average.`,
  );
}

/** Milliseconds of a search of what was searched before, as the README measures it: by default, and nothing printed. */
function warmSearch(index: ShardexIndex, { words, vector }: Words): number {
  const n = Math.min(WARM, words.length);
  const queries = Array.from({ length: n }, (_, q) => vector(Math.floor((q * words.length) / n)));
  let startedAt = 0;
  for (let round = 0; round < 2; round++) {
    startedAt = performance.now();
    for (const query of queries) search(index, query, { k: 10 });
  }
  return (performance.now() - startedAt) / queries.length;
}

function mean(times: readonly number[]): number {
  return times.reduce((sum, ms) => sum + ms, 0) / times.length;
}
