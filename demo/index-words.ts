import { CowShardexIndex, createIndex, type Posting, statistics } from '../dist/index.js';
import { startProgress } from './progress.js';
import type { Report } from './report.js';
import { count, time } from './units.js';
import type { Words } from './words.js';

/** Indexes all words in one commit, in slices between which the event loop goes round: so there is a bar. */
export async function indexWords(report: Report, words: Words): Promise<CowShardexIndex> {
  report.step(
    'Build an index without blocking the thread',
    'ingest() adds all words in one commit. It works in slices of 5 ms, and the event loop runs in between, so a server could go on answering requests.',
  );
  const cell = new CowShardexIndex(createIndex({ dimensions: words.dimensions, metric: 'cosine' }));
  const startedAt = performance.now();
  const total = words.words.length;
  const progress = startProgress(total, 'words');
  await cell.ingest(wordPostings(words), {
    onProgress: ({ taken, slices }) => {
      const grouping = `grouping them into shards: ${time(performance.now() - startedAt)}, ${count(slices)} slices so far`;
      progress.update(taken, taken < total ? undefined : grouping);
    },
  });
  progress.stop();
  const spent = time(performance.now() - startedAt);
  const { shardCount, shardSize } = statistics(cell.read());
  report.say(
    `Indexed ${count(cell.postingCount)} words in ${spent}, in ${count(cell.version)} commit. The index keeps near vectors together in shards, the inverted lists of an IVF index: ${count(shardCount)} shards of ${count(Math.round(shardSize.mean))} words on average.`,
  );
  return cell;
}

function* wordPostings({ words, vector }: Words): Generator<Posting> {
  for (const [at, documentId] of words.entries()) yield { documentId, vector: vector(at) };
}
