/* Shapes of the messages between a pool and its threads; `search-messages.ts` says what they mean. */

import { NUMBERS_PER_RESULT } from './packed-results.js';
import type { FromSearcher, PackedAnswers, ToSearcher } from './search-messages.js';
import {
  type Shapes,
  anything,
  listOf,
  maybe,
  name,
  record,
  shared,
  text,
  view,
  whole,
} from '../port/shapes.js';

/** Messages to a thread. The search itself checks the options. */
export const TO_SEARCHER: Shapes<ToSearcher> = {
  start: record({ name, givenUp: maybe(shared('Int32Array')) }),
  search: record({
    id: whole,
    queries: listOf(view('Float32Array')),
    options: record({}),
    atLeast: whole,
    part: maybe(record({ index: whole, count: whole })),
  }),
};

/** Messages from a thread. */
export const FROM_SEARCHER: Shapes<FromSearcher> = {
  ready: anything,
  found: record({ id: whole }),
  skipped: record({ id: whole }),
  failed: record({ id: whole }),
};

const answers = record({
  index: record({ version: whole, fingerprint: text }),
  results: record({
    counts: view('Uint32Array'),
    documentIds: listOf(text),
    numbers: view('Float64Array'),
    vectors: maybe(view('Float32Array')),
  }),
});

/** Whether a value is the packed answers to that number of queries. */
export function isPackedAnswers(value: unknown, queries: number): value is PackedAnswers {
  if (!answers(value)) return false;
  const { counts, documentIds, numbers, vectors } = (value as PackedAnswers).results;
  const all = counts.reduce((sum, count) => sum + count, 0);
  return (
    counts.length === queries &&
    documentIds.length === all &&
    numbers.length === NUMBERS_PER_RESULT * all &&
    (vectors === undefined || all === 0 || vectors.length % all === 0)
  );
}
