import * as shardex from 'shardex';
import {
  AsyncRecipeError,
  CellClosedError,
  ConfigError,
  ConflictError,
  CowShardexIndex,
  applyDelta,
  createIndex,
  decodeDelta,
  DeltaMismatchError,
  diff,
  InvalidDeltaError,
  InvalidFilterError,
  merge,
  MergeConflictError,
  type Recipe,
  VersionNotKeptError,
  InvalidIndexError,
  InvalidMetadataError,
  InvalidOptionError,
  InvalidPostingError,
  InvalidVectorError,
  PinReleasedError,
  PoolClosedError,
  PortClosedError,
  ResourceExhaustedError,
  SearchPool,
  WorkerFailedError,
  answerSearches,
  openRemoteWriter,
  search,
  serveReplicas,
  ShardexError,
  type ShardexErrorCode,
  statistics,
  type ShardexIndex,
  type Thread,
  update,
  WriterClosedError,
} from 'shardex';
import { describe, expect, test } from 'vitest';
import { parseFilter } from '../src/documents/filter/parse.js';
import { rejectionOf, thrownBy } from './support/thrown.js';

const index = createIndex({ dimensions: 1 }, [{ documentId: 'a', vector: [1] }]);

const ASYNC: () => unknown = () => Promise.resolve();

const without =
  (documentId: string): Recipe =>
  (draft) => {
    draft.removeDocument(documentId);
  };

/** Each class, its code, and a call that raises it. */
const RAISED: [new (...args: never[]) => ShardexError, ShardexErrorCode, () => unknown][] = [
  [ConfigError, 'INVALID_CONFIG', () => createIndex({ dimensions: 0 })],
  [InvalidVectorError, 'INVALID_VECTOR', () => search(index, [1, 2], { k: 1 })],
  [
    InvalidPostingError,
    'INVALID_POSTING',
    () => createIndex({ dimensions: 1 }, [{ documentId: '', vector: [1] }]),
  ],
  [
    InvalidMetadataError,
    'INVALID_METADATA',
    () =>
      update(index, (draft) => {
        draft.putDocument('a', { metadata: { at: new Date(0) } as never });
      }),
  ],
  [InvalidOptionError, 'INVALID_OPTION', () => search(index, [1], { k: 0 })],
  [InvalidFilterError, 'INVALID_FILTER', () => parseFilter({ year: { $gtee: 1990 } })],
  [InvalidIndexError, 'INVALID_INDEX', () => statistics({} as ShardexIndex)],
  [
    WriterClosedError,
    'WRITER_CLOSED',
    () => {
      const writer = new CowShardexIndex(index).cloneForWrite();
      writer.discard();
      return writer.preview();
    },
  ],
  [
    ConflictError,
    'COMMIT_CONFLICT',
    () => {
      const cell = new CowShardexIndex(index);
      const writer = cell.cloneForWrite();
      cell.update((draft) => {
        draft.removeDocument('a');
      });
      writer.removeDocument('a');
      return writer.commitChanges();
    },
  ],
  [AsyncRecipeError, 'ASYNC_RECIPE', () => update(index, ASYNC)],
  [InvalidDeltaError, 'INVALID_DELTA', () => decodeDelta(new Uint8Array(64))],
  [
    DeltaMismatchError,
    'DELTA_MISMATCH',
    () => applyDelta(createIndex({ dimensions: 1 }), diff(index, update(index, without('a')))),
  ],
  [
    MergeConflictError,
    'MERGE_CONFLICT',
    () =>
      merge(
        update(index, without('a')),
        update(index, (draft) => {
          draft.addPosting({ documentId: 'a', vector: [2] });
        }),
        index,
      ),
  ],
  [VersionNotKeptError, 'VERSION_NOT_KEPT', () => new CowShardexIndex(index).at(0)],
  [
    CellClosedError,
    'CELL_CLOSED',
    () => {
      const cell = new CowShardexIndex(index);
      cell.close();
      cell.update(without('a'));
    },
  ],
  [
    PinReleasedError,
    'PIN_RELEASED',
    () => {
      const pin = new CowShardexIndex(index).pin();
      pin.release();
      return pin.index;
    },
  ],
];

describe.each(RAISED)('%o', (kind, code, raise) => {
  test(`has the code ${code}, and is named after its class`, () => {
    const error = thrownBy(raise);
    expect(error).toBeInstanceOf(kind);
    expect(error).toBeInstanceOf(ShardexError);
    expect(error).toBeInstanceOf(Error);
    expect(error).toMatchObject({ code, name: kind.name });
    // What was wrong, in a sentence.
    expect((error as Error).message).toMatch(/^\w.* .*\.$/);
  });
});

test('ResourceExhaustedError has the code RESOURCE_EXHAUSTED and the limit', async () => {
  const cell = new CowShardexIndex(index, { maxPendingWrites: 1 });
  const first = cell.updateAsync(() => Promise.resolve());
  const error = await rejectionOf(cell.updateAsync(() => undefined));
  await first;
  expect(error).toBeInstanceOf(ResourceExhaustedError);
  expect(error).toBeInstanceOf(ShardexError);
  expect(error).toMatchObject({ code: 'RESOURCE_EXHAUSTED', limit: 1, name: 'ResourceExhaustedError' });
});

/** A thread of a pool that is none, but answers. */
function sameThread(): Thread {
  const { port1, port2 } = new MessageChannel();
  void answerSearches(port2);
  return Object.assign(port1, {
    terminate: () => {
      port1.close();
    },
  });
}

/** Likewise, where a promise rejects. */
const REJECTED: [new (...args: never[]) => ShardexError, ShardexErrorCode, () => Promise<unknown>][] = [
  [
    PortClosedError,
    'PORT_CLOSED',
    () => {
      const { port1, port2 } = new MessageChannel();
      const cell = new CowShardexIndex(index);
      serveReplicas(cell, port1, { writable: true });
      const opening = openRemoteWriter(port2);
      port1.close();
      return opening;
    },
  ],
  [
    WorkerFailedError,
    'WORKER_FAILED',
    () => {
      const spawn = (): never => {
        throw new Error('none left');
      };
      return SearchPool.open(new CowShardexIndex(index), { threads: 1, spawn });
    },
  ],
  [
    PoolClosedError,
    'POOL_CLOSED',
    async () => {
      const pool = await SearchPool.open(new CowShardexIndex(index), { threads: 1, spawn: sameThread });
      await pool.close();
      return pool.search([1], { k: 1 });
    },
  ],
];

test.each(REJECTED)('%o has the code %s, and is named after its class', async (kind, code, raise) => {
  const error = await rejectionOf(raise());
  expect(error).toBeInstanceOf(kind);
  expect(error).toMatchObject({ code, name: kind.name });
  expect((error as Error).message).toMatch(/^\w.* .*\.$/);
});

test('every error class of the library is among these', () => {
  const classes = Object.entries(shardex)
    .filter(([name]) => name.endsWith('Error'))
    .map(([name]) => name);
  const all = [...RAISED, ...REJECTED];
  const tried = [...all.map(([kind]) => kind.name), 'ResourceExhaustedError', 'ShardexError'];
  expect(classes.sort()).toEqual(tried.sort());
  const codes = [...all.map(([, code]) => code), 'RESOURCE_EXHAUSTED'];
  expect(new Set(codes).size).toBe(codes.length);
});

describe('what errors tell a program', () => {
  test('a conflict names both versions, the documents, the postings and the shards, frozen', () => {
    const cell = new CowShardexIndex(index);
    const writer = cell.cloneForWrite();
    for (const documentId of ['b', 'a']) writer.addPosting({ documentId, vector: [7] });
    cell.update((draft) => {
      for (const documentId of ['a', 'b', 'c']) draft.addPosting({ documentId, vector: [8] });
    });
    const error = thrownBy(() => writer.commitChanges()) as ConflictError;
    expect(error).toMatchObject({
      baseVersion: 1,
      currentVersion: 2,
      documents: ['a', 'b'],
      postings: [
        { documentId: 'a', start: 0, length: 0 },
        { documentId: 'b', start: 0, length: 0 },
      ],
      shards: [...cell.read().shards.keys()],
    });
    for (const list of [error.documents, error.postings, error.shards])
      expect(Object.isFrozen(list)).toBe(true);
  });

  test('a bad posting is named by its place in the batch', () => {
    const good = { documentId: 'a', vector: [1] };
    const bad = [
      { documentId: '', vector: [1] },
      { documentId: 'a', start: -1, vector: [1] },
      { documentId: 'a', vector: [Number.NaN] },
      null as never,
    ];
    for (const posting of bad) {
      const error = thrownBy(() => createIndex({ dimensions: 1 }, [good, good, posting, good]));
      expect(error).toMatchObject({ position: 2 });
      expect(String(error)).toMatch(/posting 2/i);
    }
    expect(thrownBy(() => search(index, [], { k: 1 }))).toMatchObject({ position: undefined });
  });

  test('a bad option is named', () => {
    expect(thrownBy(() => createIndex({ dimensions: 1, seed: -1 }))).toMatchObject({ option: 'seed' });
    expect(thrownBy(() => search(index, [1], { k: 0 }))).toMatchObject({ option: 'k' });
  });

  test('a message shows any value, shortly', () => {
    const values = [
      null,
      undefined,
      Symbol('s'),
      1n,
      () => 1,
      {},
      [1, 2],
      'x'.repeat(1000),
      Object.create(null),
    ];
    for (const value of values) {
      const error = thrownBy(() => search(index, [1], { k: value as number })) as Error;
      expect(error).toBeInstanceOf(InvalidOptionError);
      expect(error.message.length).toBeLessThan(120);
    }
  });
});
