// What a question on the page is answered, by the library, and what that took.
import {
  type Explanation,
  type Filter,
  type ShardexIndex,
  count as countDocuments,
  getDocument,
  search,
  searchExplained,
} from 'shardex';
import type { Definition, Entry } from '../dictionary/dictionary.js';
import type { Loaded } from '../dictionary/load.js';
import type { Version } from '../history/history.js';

/** What is asked. */
export interface Question {
  readonly text: string;
  /** Percent; {@link EXACT} is exact. */
  readonly recall: number;
  readonly pos: string;
  readonly domain: string;
}

/** An entry that was found. */
export interface Hit extends Definition {
  readonly score: number;
}

/** The recall that stands for an exact search. */
export const EXACT = 100;
/** How many are shown. */
export const HITS = 8;
/** For how long searches are repeated to tell the time of one. */
const MEASURED_MS = 8;

/** The filter that is chosen, if any. */
export function whereOf({ pos, domain }: Question): Filter<Entry> | undefined {
  if (pos === '' && domain === '') return undefined;
  return { ...(pos !== '' && { pos }), ...(domain !== '' && { domain }) };
}

/** How far to look. */
function reachOf({ recall }: Question): { recall: number } | { slopFactor: 'all' } {
  return recall === EXACT ? { slopFactor: 'all' } : { recall: recall / 100 };
}

/** An answer, and what it took. */
export interface Answer {
  readonly hits: readonly Hit[];
  readonly explanation: Explanation;
  readonly milliseconds: number;
  /** How many of the true nearest were found. */
  readonly found: number;
  readonly matches: number;
  readonly unknown: readonly string[];
}

/** Answers a question in a version. */
export function answerTo(question: Question, index: ShardexIndex<Entry>, { embed }: Loaded): Answer {
  const { vector, unknown } = embed(question.text);
  const where = whereOf(question);
  const among = { k: HITS, ...(where !== undefined && { where }) };
  const options = { ...among, ...reachOf(question) };
  // The first search of a version also makes what later ones use again.
  const last = searchExplained(index, vector, options);
  const milliseconds = meanTime(() => search(index, vector, options));
  const nearest = new Set(
    search(index, vector, { ...among, slopFactor: 'all' }).map(({ documentId }) => documentId),
  );
  return {
    hits: last.results.flatMap(({ documentId, score }) => {
      const { text = '', metadata } = getDocument(index, documentId) ?? {};
      return metadata === undefined
        ? []
        : [{ id: documentId, score, text, entry: { ...metadata, words: [...metadata.words] } }];
    }),
    explanation: last.explanation,
    milliseconds,
    found: last.results.filter(({ documentId }) => nearest.has(documentId)).length,
    matches: countDocuments(index, where),
    unknown,
  };
}

/** The mean time of a search, over as many as take what the clock of a page tells apart. */
function meanTime(run: () => unknown): number {
  const startedAt = performance.now();
  let runs = 0;
  for (; performance.now() < startedAt + MEASURED_MS; runs++) run();
  return (performance.now() - startedAt) / runs;
}

/** Whether the version that is compared with says something else, or nothing. */
export function isNew({ id, text }: Hit, { index }: Version<Entry>): boolean {
  return getDocument(index, id)?.text !== text;
}
