import { type ShardexIndex, search } from '../dist/index.js';
import type { Report } from './report.js';
import { count, time } from './units.js';
import type { Words } from './words.js';

/** How many neighbours are printed. */
const NEIGHBOURS = 5;

/** Prints the words nearest to each query. */
export function nearestWords(
  report: Report,
  index: ShardexIndex,
  words: Words,
  queries: readonly string[],
): void {
  report.step('Find the nearest words, with a score from 0 to 1');
  const widest = Math.max(...queries.map((query) => query.length));
  const times: number[] = [];
  for (const query of new Set(queries)) {
    const name = query.padEnd(widest + 2);
    const at = words.words.indexOf(query);
    if (at < 0) {
      report.say(`${name} is not among the ${count(words.words.length)} words`);
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
  if (times.length === 0) return;
  report.say('', `${time(times.reduce((sum, ms) => sum + ms, 0) / times.length)} a search on average.`);
}
