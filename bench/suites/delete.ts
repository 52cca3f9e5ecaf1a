// Suite: the time of a deletion, by the number of shards.
import { randomLcg } from 'd3-random';
import { CowShardexIndex, type Posting } from '../../dist/index.js';
import { measurements, timedBySize, timesChart, timesTable } from '../by-size.js';
import type { Options } from '../options.js';
import { stepBack } from '../own.js';
import { type PlainIndex, plainIndex } from '../peers.js';
import type { SuiteResult } from '../result.js';
import { SIZED, aPosting, anyVector, sizedIndex } from '../synthetic.js';
import { printed } from '../tables.js';

const TITLE = 'Time to delete a document';
const SPREAD = 10;
const METHOD = `Deletes a document by its id, and commits the change. Beside it stands merely looking for the document's postings in every shard, which an index without a map of documents has to do (the Rust original opens every shard). ${SIZED} Times are means of benchmark.js; those of Shardex include the step back to the version before.`;

/** Whether deleting depends on the number of shards. */
export async function deletion(options: Options): Promise<SuiteResult> {
  const found = await timedBySize(options, (size) => {
    const index = sizedIndex(size, 8, spreadDocument());
    const one = aPosting(index).documentId;
    const plain = plainIndex(index);
    const cell = new CowShardexIndex(index);
    const deleting = (documentId: string) => (): void => {
      cell.update((draft) => {
        draft.removeDocument(documentId);
      });
      stepBack(cell, index);
    };
    return {
      shards: index.shardCount,
      ways: [
        { name: 'Shardex: a document with 1 posting', run: deleting(one) },
        { name: `Shardex: a document with ${SPREAD} postings`, run: deleting('spread') },
        { name: 'looking for it in every shard', run: () => placesOf(plain, one) },
      ],
    };
  });
  return {
    title: TITLE,
    method: METHOD,
    charts: [timesChart(found, TITLE, 'delete')],
    tables: [printed(timesTable(found, TITLE))],
    measurements: measurements(found),
  };
}

/** A document with postings all over the place. */
function spreadDocument(): Posting[] {
  const random = randomLcg(3);
  return Array.from({ length: SPREAD }, (_, start) => ({
    documentId: 'spread',
    start,
    vector: anyVector(random),
  }));
}

function placesOf({ shards }: PlainIndex, documentId: string): number[] {
  const found: number[] = [];
  for (let s = 0; s < shards.length; s++) if (shards[s].ids.includes(documentId)) found.push(s);
  return found;
}
