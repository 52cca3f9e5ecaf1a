/* What opening has in memory at a time beside the index, in bytes that are counted: chunks, commits, and copies of them. */

import { beforeAll, describe, expect, test } from 'vitest';
import { type CommitLog, type LoggedEntry, memoryLog, openStore } from 'shardex/store';
import { collectGarbage } from '../support/garbage.js';
import { numbers, wholeBytes } from './support/versions.js';
import { asLog, wrappedLog } from './support/wrapped-log.js';

const DIMENSIONS = 64;
const ROWS = 30_000;
const COMMITS = 300;
const BATCH_BYTES = 20_000;

let log: CommitLog;
let bytes: Uint8Array;

beforeAll(async () => {
  const next = numbers(1);
  const vector = (): number[] => Array.from({ length: DIMENSIONS }, () => next() - 0.5);
  log = memoryLog();
  const store = await openStore(log, { dimensions: DIMENSIONS, shardCapacity: 256 });
  await store.update((draft) => {
    draft.putDocuments(
      Array.from({ length: ROWS }, (_, i) => ({
        documentId: `d${i}`,
        ...(i % 10 === 0 && { text: `${i} `.repeat(150) }),
        postings: [{ vector: vector() }],
      })),
    );
  });
  await store.checkpoint();
  for (let i = 0; i < COMMITS; i++)
    await store.update((draft) => {
      draft.addPosting({ documentId: `n${i}`, vector: vector() });
    });
  bytes = wholeBytes(store.read());
  await store.close();
}, 120_000);

/** The log, with a look at each chunk that it gives away, before its reader gets it. */
function watched(look: (chunk: Uint8Array) => unknown): CommitLog {
  const inner = memoryLog(log);
  const around = wrappedLog(inner, async (name, call) => {
    const result = await call();
    if (name === 'chunk') await look(result as Uint8Array);
    return result;
  });
  return asLog(around, inner);
}

function sum(sizes: readonly number[]): number {
  return sizes.reduce((all, size) => all + size, 0);
}

describe('opening', () => {
  test('has two chunks at most: one in use, one on its way', async () => {
    const given: ArrayBufferLike[] = [];
    const sizes: number[] = [];
    const held: number[] = [];
    const store = await openStore(
      watched(({ buffer }) => {
        given.push(buffer);
        sizes.push(buffer.byteLength);
        // Whoever is done with one gives its memory back at once: the collector would come much later.
        held.push(sum(given.map(({ byteLength }) => byteLength)));
      }),
    );
    expect(given.length).toBeGreaterThan(8);
    expect(Math.max(...held)).toBeLessThanOrEqual(2 * Math.max(...sizes));
    expect(sum(sizes)).toBeGreaterThan(4 * Math.max(...held));
    expect(sum(given.map(({ byteLength }) => byteLength))).toBe(0);
    expect(Buffer.compare(wholeBytes(store.read()), bytes)).toBe(0);
    await store.close();
  });

  test('has no copy of their rows but the index, whose blocks are as large as they are to be', async () => {
    const most = { chunk: 0, held: 0 };
    await collectGarbage();
    const before = process.memoryUsage().arrayBuffers;
    let chunks = 0;
    const store = await openStore(
      watched(async ({ length }) => {
        most.chunk = Math.max(most.chunk, length);
        if (++chunks % 3 !== 0) return;
        await collectGarbage();
        most.held = Math.max(most.held, process.memoryUsage().arrayBuffers - before);
      }),
    );
    const { byteLength } = store.read();
    await collectGarbage();
    // That it counts what the blocks have.
    expect(process.memoryUsage().arrayBuffers - before).toBeGreaterThan(0.9 * byteLength);
    expect(most.held).toBeLessThan(1.05 * byteLength + 2 * most.chunk);
    await store.close();
  }, 60_000);

  test('has the commits of two batches at most', async () => {
    const inner = memoryLog(log);
    const batches: WeakRef<Uint8Array>[][] = [];
    const held: number[] = [];
    async function* read(after: number): AsyncGenerator<readonly LoggedEntry[]> {
      for await (const batch of inner.read(after, { maxBytes: BATCH_BYTES })) {
        await collectGarbage();
        held.push(batches.filter((refs) => refs.some((ref) => ref.deref() !== undefined)).length);
        batches.push(batch.map((entry) => new WeakRef(entry.bytes)));
        yield batch;
      }
    }
    const store = await openStore(
      new Proxy(inner, {
        get: (target, name) => {
          if (name === 'read') return read;
          const value: unknown = Reflect.get(target, name);
          return typeof value === 'function' ? ((value as () => unknown).bind(target) as unknown) : value;
        },
      }),
    );
    expect(store.version).toBe(1 + COMMITS);
    expect(batches.length).toBeGreaterThan(5);
    expect(Math.max(...held)).toBeLessThanOrEqual(1);
    await store.close();
  }, 60_000);
});
