/* What the tests of the explorer look at: a store with branches, and a server without the page's real files. */

import { type Metadata, CowShardexIndex, createIndex } from 'shardex';
import { type Store, memoryLog, openStore } from 'shardex/store';
import { exploreWith, type ExploreOptions, type Explorer } from '../../src/explore/explore.js';
import type { PageFiles } from '../../src/explore/page-files.js';
import { clusteredVectors, seeded } from '../support/random.js';

export const DIMENSIONS = 8;

export const FILES: PageFiles = new Map([
  [
    '',
    {
      type: 'text/html; charset=utf-8',
      body: new TextEncoder().encode('<!doctype html><title>page</title>'),
    },
  ],
]);

/** Vectors in groups, the same ones each time. */
export function vectors(seed = 1): () => number[] {
  return clusteredVectors(seeded(seed), DIMENSIONS, 12, 0.6);
}

/** A cell with a history: documents with texts, then a few edits. */
export function newCell(): CowShardexIndex<Metadata> {
  const next = vectors();
  const index = createIndex({ dimensions: DIMENSIONS, shardCapacity: 24 });
  const cell = new CowShardexIndex(index, { history: { versions: 50 } });
  cell.update((draft) => {
    for (let i = 0; i < 300; i++)
      draft.putDocument(`d${i}`, {
        text: `the text of document ${i}`,
        metadata: { group: i % 5 },
        postings: [{ start: 4, length: 4, vector: next() }],
      });
  });
  cell.update((draft) => {
    draft.removeDocument('d7');
    draft.setText('d8', 'another text, by hand');
    draft.addPosting({ documentId: 'new', vector: next() });
  });
  cell.update((draft) => {
    for (let i = 0; i < 40; i++) draft.addPosting({ documentId: `more ${i}`, vector: next() });
  });
  return cell;
}

/** A store in memory with versions 1 to 12, a tag, and a branch that starts at 8; opened again, so that the past is in the log. */
export async function newStore(): Promise<Store> {
  const log = memoryLog();
  const next = vectors(2);
  const store = await openStore(log, { dimensions: DIMENSIONS, shardCapacity: 24, keep: { versions: 100 } });
  for (let version = 1; version <= 12; version++) {
    const [author, message] = [version % 2 === 0 ? 'ann' : 'ben', `change ${version}`];
    await store.update(
      (draft) => {
        for (let i = 0; i < (version === 1 ? 300 : 3); i++)
          draft.addPosting({ documentId: `v${version} ${i}`, vector: next() });
      },
      { author, message },
    );
  }
  await store.tag('ten', 12);
  await store.fork('draft', { at: 8 });
  const draft = await store.branch('draft');
  await draft.update((change) => {
    for (let i = 0; i < 4; i++) change.addPosting({ documentId: `draft ${i}`, vector: next() });
  });
  await draft.close();
  await store.close();
  return openStore(memoryLog(log));
}

/** Asks a server, with the token unless told otherwise. */
export async function ask(
  explorer: Explorer,
  path: string,
  init: RequestInit = {},
): Promise<{ status: number; body: unknown }> {
  const response = await fetch(new URL(path, explorer.url), init);
  const text = await response.text();
  const isJson = response.headers.get('content-type')?.startsWith('application/json') === true;
  return { status: response.status, body: isJson ? JSON.parse(text) : text };
}

export function sent(body: object): RequestInit {
  return { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body) };
}

/** Serves something for as long as a piece of work takes. */
export async function exploring<T>(
  cell: Parameters<typeof exploreWith>[0],
  options: ExploreOptions,
  work: (explorer: Explorer) => Promise<T>,
): Promise<T> {
  const explorer = await exploreWith(cell, options, () => Promise.resolve(FILES));
  try {
    return await work(explorer);
  } finally {
    await explorer.close();
  }
}
