// Documents that are indexed, indexed again, changed and indexed, into a cell and into a store.
import assert from 'node:assert/strict';
import { InMemoryRecordManager } from '@langchain/community/indexes/memory';
import { Embeddings } from '@langchain/core/embeddings';
import { index } from '@langchain/core/indexing';
import { Document } from 'langchain';
import { ShardexVectorStore } from 'shardex/langchain';
import { memoryLog, openStore } from 'shardex/store';

const PLACES = 60;

/** The number in a text is a direction. */
class Directions extends Embeddings {
  calls = 0;
  async embedQuery(text) {
    const angle = (2 * Math.PI * Number(/\d+/.exec(text)?.[0])) / PLACES;
    return [Math.cos(angle), Math.sin(angle)];
  }
  async embedDocuments(texts) {
    this.calls += texts.length;
    return Promise.all(texts.map((text) => this.embedQuery(text)));
  }
}

const documents = Array.from({ length: PLACES }, (_, i) => ({
  pageContent: `Place ${i}`,
  metadata: { source: `${i % 6}.md`, loc: { line: i } },
}));

/** Indexes all of it thrice; gives how many searches found what they should. */
async function compare(cell) {
  const embeddings = new Directions({});
  const vectorStore = ShardexVectorStore.fromExistingIndex(embeddings, cell);
  const recordManager = new InMemoryRecordManager();
  await recordManager.createSchema();
  const options = { cleanup: 'full', sourceIdKey: 'source' };
  const indexAll = (docs) =>
    index({
      docsSource: docs.map((each) => new Document(each)),
      recordManager,
      vectorStore,
      options,
    });

  const none = { numAdded: 0, numDeleted: 0, numUpdated: 0, numSkipped: 0 };
  assert.deepEqual(await indexAll(documents), { ...none, numAdded: PLACES });
  const { version } = cell;
  const { calls } = embeddings;
  assert.deepEqual(await indexAll(documents), { ...none, numSkipped: PLACES });
  assert.equal(cell.version, version, 'nothing is written the second time');
  assert.equal(embeddings.calls, calls, 'nothing is embedded the second time');

  // What is gone is removed, and what is new is added.
  const changed = documents.map((each, i) => (i === 7 ? { ...each, pageContent: 'Place 7, renamed' } : each));
  await letTimePass(recordManager);
  assert.deepEqual(await indexAll(changed), { ...none, numAdded: 1, numDeleted: 1, numSkipped: PLACES - 1 });
  assert.equal(cell.documentCount, PLACES);
  for (const { pageContent, metadata } of changed) {
    const [found] = await vectorStore.similaritySearch(pageContent, 1, { source: metadata.source });
    assert.deepEqual([found.pageContent, found.metadata], [pageContent, metadata]);
  }
  return PLACES;
}

/** Its clock counts milliseconds, and what it removes has to be older than what it has just seen. */
async function letTimePass(recordManager) {
  const now = await recordManager.getTime();
  while ((await recordManager.getTime()) <= now) await new Promise((resolve) => setTimeout(resolve, 1));
}

const store = await openStore(memoryLog(), { dimensions: 2 });
const inStore = await compare(store);
await store.close();
const { cell } = await ShardexVectorStore.fromDocuments([], new Directions({}), { dimensions: 2 });
console.log(JSON.stringify({ compared: inStore + (await compare(cell)) }));
