// One index in a process of its own, run by plain Node: nothing else is resident beside it. It takes postings from its
// standard input, so that their source is in another process, and prints where its memory went. See suites/resident.ts.
import { readSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { createIndex, documentIds, search, statistics } from '../dist/index.js';
import { IdColumn } from '../dist/collections/id-column.js';
import { StringMap, StringMapDraft } from '../dist/collections/string-map.js';

const dimensions = Number(process.argv[2]);

/** V8 gives a large young generation back only after five seconds without work. */
const IDLE_MS = 6000;

/** The postings that suites/resident.ts writes: the id's length, the id, and the vector as 32-bit floats. */
function* postings() {
  const buffer = Buffer.alloc(1 << 16);
  let at = 0;
  let end = 0;
  /** Reads on until so many bytes are there; `false` where there are none at all. */
  const has = (/** @type {number} */ bytes) => {
    while (end - at < bytes) {
      buffer.copyWithin(0, at, end);
      end -= at;
      at = 0;
      const read = readSync(0, buffer, end, buffer.length - end, null);
      if (read === 0 && end === 0) return false;
      if (read === 0) throw new Error('The postings end in the middle of one.');
      end += read;
    }
    return true;
  };
  while (has(2)) {
    const length = buffer.readUInt16LE(at);
    has(2 + length + 4 * dimensions);
    const documentId = buffer.toString('utf8', at + 2, at + 2 + length);
    at += 2 + length;
    const vector = Array.from({ length: dimensions }, (_, i) => buffer.readFloatLE(at + 4 * i));
    at += 4 * dimensions;
    yield { documentId, vector };
  }
}

/** Memory once all garbage is gone. */
async function settled() {
  for (let round = 0; round < 8; round++) {
    gc?.();
    await sleep(round === 4 ? IDLE_MS : 20);
  }
  return process.memoryUsage();
}

const node = await settled();
const index = createIndex({ dimensions }, postings());
const built = await settled();

const { postingCount, shardCount, byteLength, deadRowCount } = statistics(index);

/** What something takes on the heap: what another one like it takes. */
async function taken(/** @type {() => unknown} */ make) {
  const { heapUsed } = await settled();
  const kept = [make()];
  const bytes = (await settled()).heapUsed - heapUsed;
  kept.length = 0;
  return bytes;
}

const ids = await taken(() => {
  const rows = Math.ceil(postingCount / shardCount);
  const columns = Array.from({ length: shardCount }, () => new IdColumn(rows));
  let row = 0;
  for (const id of documentIds(index)) columns[Math.floor(row / rows)].set(row++ % rows, id);
  return columns;
});
const documents = await taken(() => {
  const map = new StringMapDraft(StringMap.empty());
  let row = 0;
  for (const id of documentIds(index)) map.set(id, row++ % shardCount);
  return map.finish();
});

const before = await settled();
let found = 0;
// One for each shard, so that the codes of all are made.
const queries = Array.from(index.shards.values(), ({ centroid }) => centroid.toArray());
for (const query of queries) found += search(index, query, { k: 10 }).length;
queries.length = 0;
if (found === 0) throw new Error('No search found anything.');
const searched = await settled();

console.log(
  JSON.stringify({
    postingCount,
    shardCount,
    byteLength,
    deadRowCount,
    ids,
    documents,
    node,
    built,
    before,
    searched,
  }),
);
