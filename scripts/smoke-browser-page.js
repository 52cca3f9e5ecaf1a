// What scripts/smoke-browser.mjs runs in the page: a snapshot must answer as before while the index moves on.
import { createIndex, search, update, verify } from 'shardex';

const dimensions = 16;
const vector = () => Array.from({ length: dimensions }, () => Math.random() * 2 - 1);
const query = vector();

/** @param {Parameters<typeof search>[0]} index */
const answers = (index) => JSON.stringify([...search(index, query, { k: 5 })]);

const postings = Array.from({ length: 400 }, (_, i) => ({ documentId: `document ${i}`, vector: vector() }));
const snapshot = createIndex({ dimensions }, postings);
const before = answers(snapshot);

const index = update(snapshot, (draft) => {
  // The nearest there is, so that the new index must answer otherwise.
  draft.addPosting({ documentId: 'new', vector: query });
  for (let i = 0; i < 300; i++) draft.addPosting({ documentId: `later ${i}`, vector: vector() });
});

let errorName = 'none';
try {
  createIndex({ dimensions: 0 });
} catch (error) {
  errorName = error instanceof Error ? error.name : 'not an error';
}

Object.assign(globalThis, {
  report: {
    crossOriginIsolated: globalThis.crossOriginIsolated,
    sharedArrayBuffer: typeof SharedArrayBuffer,
    snapshotUnchanged: answers(snapshot) === before,
    updateSeen: answers(index).includes('"new"'),
    errorName,
    problems: [...verify(snapshot), ...verify(index)],
  },
});
