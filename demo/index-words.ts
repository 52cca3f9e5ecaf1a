import { CowShardexIndex, createIndex, type Posting, statistics } from '../dist/index.js';
import { startProgress } from './progress.js';
import type { Report } from './report.js';
import { count, time } from './units.js';
import type { Words } from './words.js';

/** Indexes all words in one commit, in slices between which the event loop goes round: so there is a bar. */
export async function indexWords(report: Report, words: Words): Promise<CowShardexIndex> {
  report.step('Index them');
  const cell = new CowShardexIndex(createIndex({ dimensions: words.dimensions, metric: 'cosine' }));
  const startedAt = performance.now();
  const total = words.words.length;
  const progress = startProgress(total, 'words');
  await cell.ingest(wordPostings(words), {
    onProgress: ({ taken, slices }) => {
      const sorting = `sorting them in: ${time(performance.now() - startedAt)}, ${count(slices)} slices so far`;
      progress.update(taken, taken < total ? undefined : sorting);
    },
  });
  progress.stop();
  const spent = time(performance.now() - startedAt);
  const { shardCount, shardSize } = statistics(cell.read());
  report.say(
    `${count(cell.postingCount)} words in ${spent}, in ${count(cell.version)} commit, made in slices of 5 ms. Near words lie together: the index has ${count(shardCount)} shards, of ${count(Math.round(shardSize.mean))} words on average.`,
  );
  return cell;
}

function* wordPostings({ words, vector }: Words): Generator<Posting> {
  for (const [at, documentId] of words.entries()) yield { documentId, vector: vector(at) };
}
