/* A store against a cell in memory that does the same: equal to the byte, also after crashes, restarts and checkpoints. */

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  CowShardexIndex,
  type Posting,
  type Recipe,
  type ShardexIndex,
  createIndex,
  postings,
} from 'shardex';
import { indexedDbLog } from 'shardex/indexeddb';
import { type CommitLog, type Store, memoryLog, openStore } from 'shardex/store';
import { newSqliteLog } from '../../src/store/sqlite/sqlite-log.js';
import { gated } from './support/wrapped-log.js';
import { sqliteDrivers, temporaryFolder } from './support/logs.js';
import { numbers, vectorFrom, wholeBytes } from './support/versions.js';

const OPTIONS = { dimensions: 5, shardCapacity: 24 } as const;

const OPERATIONS = [
  'update',
  'async',
  'ingest',
  'other',
  'restore',
  'undo',
  'redo',
  'fork',
  'merge',
  'keep',
  'checkpoint',
  'tag',
  'reopen',
  'crash',
  'torn',
] as const;
type Operation = (typeof OPERATIONS)[number];

function changes(seed: number): Recipe {
  return (draft) => {
    const next = numbers(seed);
    const count = 1 + Math.floor(next() * 20);
    for (let i = 0; i < count; i++) {
      const documentId = `d${Math.floor(next() * 60)}`;
      if (next() < 0.3) draft.removeDocument(documentId);
      else draft.addPosting({ documentId, start: Math.floor(next() * 2), vector: vectorFrom(next) });
    }
  };
}

function batch(seed: number): Posting[] {
  const next = numbers(seed);
  return Array.from({ length: 30 }, (_, i) => ({
    documentId: `b${seed % 5}-${i}`,
    vector: vectorFrom(next),
  }));
}

/** Everything in a version, however it is arranged. */
function contents(index: ShardexIndex): string {
  const rows = [...postings(index)].map(
    ({ documentId, start, vector }) => `${documentId} ${start} ${vector.join()}`,
  );
  return rows.sort().join('\n');
}

/** Where undoing and redoing lead from a version. */
interface Steps {
  readonly undo: number | undefined;
  readonly redo: number | undefined;
}

async function agree(
  operations: readonly (readonly [Operation, number])[],
  place: () => CommitLog,
): Promise<void> {
  const cell = new CowShardexIndex(createIndex(OPTIONS), { history: { versions: 100_000 } });
  const tags = new Map<string, Uint8Array>();
  const branches = new Map<string, Uint8Array>();
  const steps = new Map<number, Steps>();
  /** Old versions that are to be kept, counted from the newest checkpoint. */
  let kept = 0;
  /** The oldest version that the log led back to when that was asked for: what was gone by then stays so. */
  let keptFrom = 0;
  const oldestOf = (newest: number): number => Math.max(newest - kept, keptFrom);
  /** What is restored has its rows elsewhere than those of the cell; from then on only the contents are compared. */
  let isExact = true;
  let store: Store = await openStore(place(), OPTIONS);
  const other = await openStore(place());
  const placeOf = (version: number): Steps =>
    steps.get(version) ?? { undo: version > 0 ? version - 1 : undefined, redo: undefined };
  const step = async (kind: 'undo' | 'redo'): Promise<void> => {
    const from = cell.version;
    const target = placeOf(from)[kind];
    let commit;
    try {
      commit = await store[kind]();
    } catch (error) {
      // The log leads there no more.
      expect(error).toMatchObject({ code: 'VERSION_NOT_KEPT', wanted: target });
      expect(target).toBeLessThan(oldestOf(from));
      return;
    }
    if (commit === undefined) {
      // Nothing to be undone, or what would say so is gone.
      if (target !== undefined) expect(target).toBeLessThan(oldestOf(from));
      return;
    }
    if (commit.isEmpty) return;
    cell.restore(target as number);
    isExact = false;
    const there = placeOf(target as number);
    steps.set(cell.version, { undo: there.undo, redo: kind === 'undo' ? from : there.redo });
  };
  for (const [operation, seed] of operations) {
    switch (operation) {
      case 'update':
        await store.update(changes(seed));
        cell.update(changes(seed));
        break;
      case 'async':
        await store.updateAsync(async (draft) => {
          await Promise.resolve();
          changes(seed)(draft);
        });
        cell.update(changes(seed));
        break;
      case 'ingest':
        await store.ingest(batch(seed), { commitEvery: 12 });
        await cell.ingest(batch(seed), { commitEvery: 12 });
        break;
      case 'other':
        await other.refresh();
        await other.update(changes(seed));
        cell.update(changes(seed));
        await store.refresh();
        break;
      case 'restore': {
        const name = [...tags.keys()].at(0);
        if (name === undefined) break;
        cell.restore(store.tags().get(name) as number);
        await store.restore(name);
        isExact = false;
        break;
      }
      case 'undo':
      case 'redo':
        await step(operation);
        break;
      case 'fork': {
        const name = `f${seed}`;
        if (branches.has(name)) break;
        await store.fork(name);
        const branch = await openStore(place().branch(name));
        expect(contents(branch.read())).toBe(contents(store.read()));
        if (seed % 2 === 0) await branch.update(changes(seed));
        if (seed % 3 === 0) await branch.checkpoint();
        branches.set(name, wholeBytes(branch.read()));
        if (seed % 5 === 0) await branch.close();
        break;
      }
      case 'merge': {
        const name = [...branches.keys()].at(0);
        if (name === undefined) break;
        await store.merge(name, { onConflict: 'theirs' });
        if (store.version === cell.version) break;
        // What is merged is tested elsewhere; here the cell would have to go on from it.
        await check(store, place);
        await store.undo();
        expect(contents(store.read())).toBe(contents(cell.read()));
        return check(store, place);
      }
      case 'keep':
        keptFrom = (await place().checkpoints()).at(0)?.version ?? 0;
        kept = 1 + (seed % 30);
        store = await openStore(place(), { keep: { versions: kept } });
        await store.checkpoint();
        break;
      case 'checkpoint':
        await store.checkpoint();
        break;
      case 'tag':
        if (store.tags().has(`t${seed}`)) break;
        await store.tag(`t${seed}`);
        tags.set(`t${seed}`, wholeBytes(store.read()));
        break;
      case 'reopen':
        await store.close();
        store = await openStore(place());
        break;
      case 'crash':
        // What the old one still holds does nothing any more.
        store = await openStore(place());
        break;
      case 'torn': {
        // A crash while a commit is on its way: it may be there or not, and its token tells.
        const { log, go } = gated(place());
        const dying = await openStore(log);
        const token = `torn ${seed} ${Math.random()}`;
        void dying.update(changes(seed), { token }).catch(() => undefined);
        await Promise.resolve();
        // What changes nothing is never appended.
        if (seed % 2 === 0 && dying.metrics().queued > 0) {
          await go();
          await new Promise((resolve) => setTimeout(resolve, 5));
        }
        store = await openStore(place());
        if ((await store.outcome(token)) !== undefined) cell.update(changes(seed));
        break;
      }
    }
    expect(store.version).toBe(cell.version);
    if (isExact) expect(Buffer.compare(wholeBytes(store.read()), wholeBytes(cell.read())), operation).toBe(0);
    else {
      expect(contents(store.read()), operation).toBe(contents(cell.read()));
      await check(store, place);
    }
  }
  for (const [name, bytes] of branches) {
    const branch = await openStore(place(), { branch: name });
    expect(Buffer.compare(wholeBytes(branch.read()), bytes), name).toBe(0);
  }
  for (let version = oldestOf(store.version); version <= store.version && kept > 0; version++)
    expect(contents(await store.load(version))).toBe(contents(cell.at(version)));
  for (const [name, bytes] of tags) expect(Buffer.compare(wholeBytes(await store.load(name)), bytes)).toBe(0);
  await Promise.all([store.close(), other.close()]);
}

/** Whoever opens the log finds what the store shows. */
async function check(store: Store, place: () => CommitLog): Promise<void> {
  const again = await openStore(place());
  expect(again.version).toBe(store.version);
  expect(Buffer.compare(wholeBytes(again.read()), wholeBytes(store.read()))).toBe(0);
}

const operations = fc.array(fc.tuple(fc.constantFrom(...OPERATIONS), fc.nat(1000)), { maxLength: 25 });
const folder = temporaryFolder();
const drivers = await sqliteDrivers();
/** Of all drivers together, so that none finds the file of another. */
let files = 0;

/** Lists that failed once. */
const FOUND: [(readonly [Operation, number])[]][] = [
  // The newest version, made out of the log, is no other state.
  [
    [
      ['tag', 0],
      ['reopen', 0],
      ['restore', 0],
    ],
  ],
  // What was dropped before it was asked for is gone.
  [
    [
      ['ingest', 0],
      ['checkpoint', 0],
      ['update', 0],
      ['checkpoint', 0],
      ['keep', 1],
    ],
  ],
];

describe('a store does what a cell does', () => {
  test('in memory', async () => {
    await fc.assert(
      fc.asyncProperty(operations, async (list) => {
        const first = memoryLog();
        await agree(list, () => memoryLog(first));
      }),
      { numRuns: 60, examples: FOUND },
    );
  }, 120_000);

  test('in IndexedDB', async () => {
    await fc.assert(
      fc.asyncProperty(operations, async (list) => {
        const name = `model ${++files}`;
        await agree(list, () => indexedDbLog(name));
      }),
      { numRuns: 15 },
    );
  }, 240_000);

  test.each(drivers)(
    'on %s',
    async (_, driver) => {
      await fc.assert(
        fc.asyncProperty(operations, async (list) => {
          const path = `${folder()}/model-${++files}.db`;
          await agree(list, () => newSqliteLog(path, driver, () => Promise.reject(new Error('unused'))));
        }),
        { numRuns: 8 },
      );
    },
    240_000,
  );
});
