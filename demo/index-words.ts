import { CowShardexIndex, createIndex, type Posting, statistics } from '../dist/index.js';
import { pause, startProgress } from './progress.js';
import type { Report } from './report.js';
import { count, time } from './units.js';
import type { Words } from './words.js';

/** Words a commit. One commit of everything would take half the time, but nothing could be told of it on the way. */
const BATCH = 20_000;

/** Indexes all words, in as many commits as it takes. */
export async function indexWords(report: Report, words: Words): Promise<CowShardexIndex> {
  report.step('Index them');
  const cell = new CowShardexIndex(createIndex({ dimensions: words.dimensions, metric: 'cosine' }));
  const startedAt = performance.now();
  const progress = startProgress(words.words.length, 'words');
  for (let from = 0; from < words.words.length; from += BATCH) {
    cell.update((draft) => {
      draft.addPostings(wordPostings(words, from, from + BATCH));
    });
    progress.update(cell.postingCount);
    await pause();
  }
  progress.stop();
  const spent = time(performance.now() - startedAt);
  const { shardCount, shardSize } = statistics(cell.read());
  report.say(
    `${count(cell.postingCount)} words in ${spent}, in ${count(cell.version)} commits. Near words lie together:`,
    `the index has ${count(shardCount)} shards, of ${count(Math.round(shardSize.mean))} words on average.`,
  );
  return cell;
}

function wordPostings({ words, vector }: Words, from: number, to: number): Posting[] {
  return words.slice(from, to).map((word, i) => ({ documentId: word, vector: vector(from + i) }));
}
