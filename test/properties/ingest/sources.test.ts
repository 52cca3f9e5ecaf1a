import { InvalidOptionError, InvalidPostingError, InvalidVectorError, type Posting } from 'shardex';
import { describe, expect, test } from 'vitest';
import { rejectionOf } from '../../support/thrown.js';
import { arriving, cellOf, filled, streamed } from './scene.js';

const fingerprintOf = async (source: Iterable<Posting> | AsyncIterable<Posting>): Promise<string> =>
  (await cellOf(filled()).ingest(source)).index.fingerprint;

test('any iterable will do', async () => {
  const expected = await fingerprintOf(arriving());
  expect(await fingerprintOf(new Set(arriving().map((posting) => ({ ...posting }))))).toBe(expected);
  expect(await fingerprintOf(arriving().values())).toBe(expected);
  expect(await fingerprintOf(streamed(arriving()))).toBe(expected);
  const stream = new ReadableStream<Posting>({
    start(controller) {
      for (const posting of arriving()) controller.enqueue(posting);
      controller.close();
    },
  });
  expect(await fingerprintOf(stream as unknown as AsyncIterable<Posting>)).toBe(expected);
});

test('a source may give the same array again and again', async () => {
  function* reusing(): Generator<Posting> {
    const vector = new Float32Array(4);
    for (const posting of arriving()) {
      vector.set(posting.vector);
      yield { ...posting, vector };
    }
  }
  expect(await fingerprintOf(reusing())).toBe(await fingerprintOf(arriving()));
});

test.each([undefined, null, 3, 'text', {}, () => []])('%s is no source', async (source) => {
  const cell = cellOf(filled());
  expect(await rejectionOf(cell.ingest(source as never))).toBeInstanceOf(InvalidPostingError);
  expect(cell.metrics()).toMatchObject({ liveWriters: 0, pendingWrites: 0, discards: 1 });
});

test.each([
  [{ sliceMs: -1 }, 'sliceMs'],
  [{ sliceMs: Number.NaN }, 'sliceMs'],
  [{ sliceMs: 1001 }, 'sliceMs'],
  [{ commitEvery: 0 }, 'commitEvery'],
  [{ commitEvery: 1.5 }, 'commitEvery'],
  [{ commitEvery: '10' }, 'commitEvery'],
  [{ signal: {} }, 'signal'],
  [{ onProgress: 1 }, 'onProgress'],
  [{ batch: 1 }, 'batch'],
  [null, 'options'],
])('of the options %o it refuses %s, and takes nothing', async (options, option) => {
  const cell = cellOf(filled());
  let asked = 0;
  const source = {
    [Symbol.iterator]: () => {
      asked++;
      return [][Symbol.iterator]();
    },
  };
  const error = await rejectionOf(cell.ingest(source, options as never));
  expect(error).toBeInstanceOf(InvalidOptionError);
  expect((error as InvalidOptionError).option).toBe(option);
  expect(asked).toBe(0);
});

describe('a source that fails', () => {
  const failure = new Error('the source failed');

  test.each([0, 1, 100, 250])('after %i postings publishes nothing', async (after) => {
    function* failing(): Generator<Posting> {
      yield* arriving().slice(0, after);
      throw failure;
    }
    async function* failingLater(): AsyncGenerator<Posting> {
      yield* streamed(arriving().slice(0, after));
      throw failure;
    }
    const cell = cellOf(filled());
    const before = cell.read();
    expect(await rejectionOf(cell.ingest(failing()))).toBe(failure);
    expect(await rejectionOf(cell.ingest(failingLater()))).toBe(failure);
    expect(cell.read()).toBe(before);
    expect(cell.metrics()).toMatchObject({ liveWriters: 0, pendingWrites: 0, discards: 2 });
  });

  test('leaves what commitEvery has published', async () => {
    async function* failing(): AsyncGenerator<Posting> {
      yield* streamed(arriving().slice(0, 105));
      throw failure;
    }
    const cell = cellOf(filled());
    expect(await rejectionOf(cell.ingest(failing(), { commitEvery: 50 }))).toBe(failure);
    expect(cell.version).toBe(3);
    expect(cell.postingCount).toBe(250);
  });

  test('is not asked to clean up, since it has ended', async () => {
    let returned = 0;
    const broken = (async: boolean): unknown => {
      const iterator = {
        next: () => {
          throw failure;
        },
        return: () => {
          returned++;
          return { done: true };
        },
      };
      return { [async ? Symbol.asyncIterator : Symbol.iterator]: () => iterator };
    };
    for (const async of [false, true])
      expect(await rejectionOf(cellOf(filled()).ingest(broken(async) as never))).toBe(failure);
    expect(returned).toBe(0);
  });
});

describe('a bad posting', () => {
  const withBad = (at: number, bad: unknown): Posting[] =>
    arriving().map((posting, i) => (i === at ? (bad as Posting) : posting));

  test('is named by its place in the source, also behind earlier commits', async () => {
    for (const commitEvery of [undefined, 50]) {
      const options = commitEvery === undefined ? {} : { commitEvery };
      const wrong = await rejectionOf(
        cellOf(filled()).ingest(withBad(120, { documentId: 'x', vector: [1, 2, 3] }), options),
      );
      expect(wrong).toBeInstanceOf(InvalidVectorError);
      expect((wrong as InvalidVectorError).position).toBe(120);
      const none = await rejectionOf(cellOf(filled()).ingest(withBad(120, undefined), options));
      expect(none).toBeInstanceOf(InvalidPostingError);
      expect((none as InvalidPostingError).position).toBe(120);
    }
  });

  test('lets the source clean up, which may fail and is waited for', async () => {
    const steps: string[] = [];
    function* source(): Generator<Posting> {
      try {
        yield* withBad(3, {});
      } finally {
        steps.push('closed');
      }
    }
    async function* slow(): AsyncGenerator<Posting> {
      try {
        yield* withBad(3, {});
      } finally {
        await new Promise((resolve) => setImmediate(resolve));
        steps.push('closed later');
        // eslint-disable-next-line no-unsafe-finally
        throw new Error('not told');
      }
    }
    expect(await rejectionOf(cellOf(filled()).ingest(source()))).toBeInstanceOf(InvalidPostingError);
    expect(await rejectionOf(cellOf(filled()).ingest(slow()))).toBeInstanceOf(InvalidPostingError);
    expect(steps).toEqual(['closed', 'closed later']);
  });
});

test('a source may change the cell, and ingest into it', async () => {
  const cell = cellOf(filled());
  async function* nested(): AsyncGenerator<Posting> {
    yield* arriving().slice(0, 20);
    cell.update((draft) => {
      draft.addPosting({ documentId: 'from the source', vector: [1, 1, 1, 1] });
    });
    await cell.ingest([{ documentId: 'from within', vector: [1, 1, 1, 1] }]);
    yield* arriving().slice(20, 60);
  }
  await cell.ingest(nested());
  expect(cell.postingCount).toBe(150 + 60 + 2);
});
