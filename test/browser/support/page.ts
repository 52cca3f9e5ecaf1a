/*
 * What a page of the browser's tests has: the library, ways to write to a store that are watched from outside, and the
 * tests of the store that need no files.
 */

import '../../store/branches-of-logs.test.js';
import '../../store/conformance.test.js';
import '../../store/model.test.js';
import '../../store/records.test.js';
import '../../store/store-faults.test.js';
import '../../store/store.test.js';
import { hasDocument, verify } from 'shardex';
import { indexedDbLog } from 'shardex/indexeddb';
import * as store from 'shardex/store';
import { numbers, vectorFrom, wholeBytes } from '../../store/support/versions.js';
import { runTests } from './vitest-in-page.js';

const OPTIONS = { dimensions: 5, shardCapacity: 24 } as const;

/** All that is read of Node's buffers by tests that run here, too. */
Object.assign(globalThis, {
  Buffer: {
    from: (bytes: Uint8Array) => ({ toString: () => bytes.join() }),
    compare: (a: Uint8Array, b: Uint8Array) =>
      a.length === b.length && a.every((byte, i) => byte === b[i]) ? 0 : 1,
  },
});

export const inPage = {
  runTests,
  store,
  indexedDbLog,

  /** Opens a store and adds documents, one after the other, until the page ends or so many are there; says what is acknowledged. */
  async write(name: string, who: string, count = Infinity, checkpointEvery = Infinity): Promise<void> {
    const opened = await store.openStore(indexedDbLog(name), OPTIONS);
    for (let n = 1; n <= count; n++) {
      await opened.update((draft) => {
        draft.addPosting({ documentId: `${who}-${n}`, vector: vectorFrom(numbers(n)) });
      });
      console.log(`ack ${who}-${n}`);
      if (n % checkpointEvery === 0) await opened.checkpoint();
    }
    await opened.close();
  },

  /** Follows a store up to a version; the versions that it sees on the way. */
  async follow(name: string, until: number): Promise<readonly number[]> {
    const opened = await store.openStore(indexedDbLog(name), { follow: true });
    const seen: number[] = [];
    const changes = opened.changes()[Symbol.asyncIterator]();
    console.log('following');
    for (let at = 0; at < until;) {
      const { value } = await changes.next();
      at = (value as { readonly index: { readonly version: number } }).index.version;
      seen.push(at);
    }
    await changes.return?.();
    await opened.close();
    return seen;
  },

  /** Adds so many commits of 800 kB each, as far as there is room; what stood in the way, and the version it came to. */
  async fill(name: string, commits: number): Promise<{ readonly version: number; readonly code: unknown }> {
    const opened = await store.openStore(indexedDbLog(name), { dimensions: 1000 });
    let code: unknown;
    for (let n = 0; n < commits && code === undefined; n++) {
      const from = opened.documentCount;
      const batch = Array.from({ length: 200 }, (_, i) => ({
        documentId: `${from + i}`,
        vector: Array.from({ length: 1000 }, Math.random),
      }));
      await opened.ingest(batch).catch((error: unknown) => {
        code = (error as { readonly code?: unknown }).code ?? String(error);
      });
    }
    const { version } = opened;
    await opened.close();
    const again = await store.openStore(indexedDbLog(name));
    if (again.version !== version) throw new Error(`${again.version} in the log, not ${version}.`);
    await again.close();
    return { version, code };
  },

  /** What a store that is opened now holds. */
  async look(
    name: string,
    wanted: readonly string[],
  ): Promise<{
    readonly version: number;
    readonly documents: number;
    readonly missing: readonly string[];
    readonly violations: number;
    readonly bytes: string;
  }> {
    const opened = await store.openStore(indexedDbLog(name), OPTIONS);
    const index = opened.read();
    await opened.close();
    return {
      version: index.version,
      documents: index.documentCount,
      missing: wanted.filter((documentId) => !hasDocument(index, documentId)),
      violations: verify(index).length,
      bytes: await hashOf(wholeBytes(index)),
    };
  },
};

async function hashOf(bytes: Uint8Array): Promise<string> {
  const hash = await crypto.subtle.digest('SHA-256', new Uint8Array(bytes));
  return new Uint8Array(hash).join();
}

Object.assign(globalThis, { inPage });
