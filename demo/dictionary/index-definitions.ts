// Makes an index of documents: each definition with its text, what is known of it, and its vector.
import { CowShardexIndex, createIndex, statistics } from '../../dist/index.js';
import { startProgress } from '../progress.js';
import type { Report } from '../report.js';
import { count, time } from '../units.js';
import type { Words } from '../words.js';
import { type Definition, type Entry, loadDefinitions } from './definitions.js';
import { type Meaning, meaningOf } from './meaning.js';

/** A dictionary that is asked by meaning. */
export interface Dictionary {
  readonly cell: CowShardexIndex<Entry>;
  /** A question as a vector. */
  readonly vectorOf: (question: string) => Float32Array;
}

/** Fewer of the words know too few of the words in definitions. */
const LEAST_WORDS = 20_000;

/** Indexes definitions, all of them where there are enough words; as many as there are words otherwise. */
export async function indexDefinitions(report: Report, words: Words): Promise<Dictionary> {
  report.step(
    'Build a dictionary that you can search by meaning',
    'A document can have a text and metadata beside its vectors. Here each document is a definition of WordNet.',
  );
  const startedAt = performance.now();
  const all = loadDefinitions();
  const definitions = words.words.length < LEAST_WORDS ? all.filter((_, i) => i % 20 === 0) : all;
  const meaning = meaningOf(
    definitions.map(({ text }) => text),
    words,
  );
  const embedded = performance.now();
  report.say(
    `Made vectors for ${count(definitions.length)} definitions in ${time(embedded - startedAt)}: each is the weighted mean of the vectors of its words.`,
  );
  const cell = new CowShardexIndex(
    createIndex<Entry>({ dimensions: words.dimensions, indexed: ['pos', 'domain', 'words'] }),
  );
  const progress = startProgress(definitions.length, 'definitions');
  await cell.ingest(documents(definitions, meaning, words.dimensions), {
    onProgress: ({ taken }) => {
      progress.update(taken);
    },
  });
  progress.stop();
  const { documentCount, shardCount } = statistics(cell.read());
  report.say(
    `Indexed ${count(documentCount)} documents in ${time(performance.now() - embedded)}, in one commit and ${count(shardCount)} shards. Each has a text, metadata and one vector.`,
  );
  return { cell, vectorOf: meaning.of };
}

function* documents(definitions: readonly Definition[], { vectors }: Meaning, dimensions: number) {
  for (const [at, { id, text, entry }] of definitions.entries()) {
    const vector = vectors.subarray(at * dimensions, (at + 1) * dimensions);
    yield { documentId: id, text, metadata: entry, postings: [{ start: 0, length: text.length, vector }] };
  }
}
