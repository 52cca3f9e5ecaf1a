import { CellClosedError, type CowShardexIndex, type IngestOptions, type Posting } from 'shardex';
import { describe, expect, test } from 'vitest';
import { expectSound } from '../../support/sound.js';
import { rejectionOf } from '../../support/thrown.js';
import { arriving, cellOf, filled, streamed } from './scene.js';

/** Every place where an ingest could pause is one where it does. */
const everywhere = { sliceMs: 0 } as const;

async function slicesOf(source: Iterable<Posting>, options: IngestOptions = {}): Promise<number> {
  let count = 0;
  await cellOf(filled()).ingest(source, { ...everywhere, ...options, onProgress: () => count++ });
  return count;
}

function expectUntouched(cell: CowShardexIndex, before: unknown): void {
  expect(cell.read()).toBe(before);
  expect(cell.metrics()).toMatchObject({ liveWriters: 0, pendingWrites: 0 });
}

const reason = new Error('given up');

/** Ways to give up at the end of a slice: at once, or while the event loop goes round. */
const ways: [string, (give: () => void) => void][] = [
  [
    'at the end of',
    (give) => {
      give();
    },
  ],
  ['in the pause after', (give) => setImmediate(give)],
];

describe.each(ways)('given up %s any slice', (_, later) => {
  test('an ingest publishes nothing, and the cell is as it was', async () => {
    const source = arriving(60).slice(0, 90);
    const slices = await slicesOf(source);
    expect(slices).toBeGreaterThan(source.length + 100);
    for (let at = 1; at <= slices; at++) {
      // A lineage rehearses its first splits, so that a second ingest pauses at fewer places.
      const cell = cellOf(filled());
      const before = cell.read();
      const controller = new AbortController();
      const run = cell.ingest(source, {
        ...everywhere,
        signal: controller.signal,
        onProgress: (progress) => {
          if (progress.slices === at)
            later(() => {
              controller.abort(reason);
            });
        },
      });
      expect(await rejectionOf(run)).toBe(reason);
      expectUntouched(cell, before);
    }
  });
});

test('rows that abandoned ingests have claimed stand in nobody’s way', async () => {
  const cell = cellOf(filled());
  for (const at of [150, 300, 330, 360]) {
    const controller = new AbortController();
    const run = cell.ingest(arriving(), {
      ...everywhere,
      signal: controller.signal,
      onProgress: ({ slices }) => {
        if (slices === at) controller.abort(reason);
      },
    });
    expect(await rejectionOf(run)).toBe(reason);
  }
  const { index } = await cell.ingest(arriving());
  expect(index.fingerprint).toBe((await cellOf(filled()).ingest(arriving())).index.fingerprint);
  expectSound(index);
});

test('an error thrown by onProgress ends it at any slice', async () => {
  const cell = cellOf(filled());
  const before = cell.read();
  const slices = await slicesOf(arriving());
  for (let at = 1; at <= slices; at += 7) {
    const onProgress = (progress: { slices: number }): void => {
      if (progress.slices === at) throw reason;
    };
    expect(await rejectionOf(cell.ingest(arriving(), { ...everywhere, onProgress }))).toBe(reason);
    expectUntouched(cell, before);
  }
});

test('closing the cell ends it at any slice', async () => {
  const slices = await slicesOf(arriving());
  for (let at = 1; at <= slices; at += 7) {
    const cell = cellOf(filled());
    const before = cell.read();
    const onProgress = (progress: { slices: number }): void => {
      if (progress.slices === at) cell.close();
    };
    expect(await rejectionOf(cell.ingest(arriving(), { ...everywhere, onProgress }))).toBeInstanceOf(
      CellClosedError,
    );
    expectUntouched(cell, before);
  }
});

test('on a closed cell it does not begin', async () => {
  const cell = cellOf(filled());
  cell.close();
  expect(await rejectionOf(cell.ingest(arriving()))).toBeInstanceOf(CellClosedError);
});

test('with a signal that has aborted it does not begin', async () => {
  let asked = false;
  const source = {
    [Symbol.iterator]: () => {
      asked = true;
      return arriving().values();
    },
  };
  const run = cellOf(filled()).ingest(source, { signal: AbortSignal.abort(reason) });
  expect(await rejectionOf(run)).toBe(reason);
  expect(asked).toBe(false);
});

test('a source that hangs does not hold up an abort', async () => {
  const cell = cellOf(filled());
  const before = cell.read();
  let cleaned = false;
  async function* hanging(): AsyncGenerator<Posting> {
    try {
      yield* arriving(10);
      await new Promise(() => undefined);
    } finally {
      cleaned = true;
    }
  }
  const controller = new AbortController();
  // In one slice, however slow the machine is: the abort has to find it waiting for the source.
  const run = cell.ingest(hanging(), { signal: controller.signal, sliceMs: 1000 });
  setImmediate(() => {
    controller.abort(reason);
  });
  expect(await rejectionOf(run)).toBe(reason);
  // It is still where it hangs.
  expect(cleaned).toBe(false);
  expectUntouched(cell, before);
});

test('with commitEvery what was published stays, and no more', async () => {
  const cell = cellOf(filled());
  const controller = new AbortController();
  const seen: number[] = [];
  const run = cell.ingest(streamed(arriving()), {
    ...everywhere,
    commitEvery: 60,
    signal: controller.signal,
    onProgress: ({ taken, published }) => {
      seen.push(published);
      if (taken === 150) controller.abort(reason);
    },
  });
  expect(await rejectionOf(run)).toBe(reason);
  expect(cell.version).toBe(3);
  expect(cell.postingCount).toBe(150 + 120);
  expect([...new Set(seen)]).toEqual([0, 60, 120]);
});

test('progress counts up, and an abort after the publication is ignored', async () => {
  const cell = cellOf(filled());
  const controller = new AbortController();
  cell.subscribe(() => {
    controller.abort(reason);
  });
  const seen: { taken: number; published: number; slices: number }[] = [];
  const commit = await cell.ingest(arriving(), {
    ...everywhere,
    signal: controller.signal,
    onProgress: (progress) => {
      expect(Object.isFrozen(progress)).toBe(true);
      seen.push(progress);
    },
  });
  expect(commit.index).toBe(cell.read());
  expect(seen.map(({ slices }) => slices)).toEqual(seen.map((_, i) => i + 1));
  // One by one while they are taken, then all of them while they are sorted in.
  const taken = seen.map((progress) => progress.taken);
  expect(taken.slice(0, arriving().length)).toEqual(arriving().map((_, i) => i + 1));
  expect(new Set(taken.slice(arriving().length))).toEqual(new Set([arriving().length]));
  expect(new Set(seen.map(({ published }) => published))).toEqual(new Set([0]));
});

test('a tiny one is one slice, and told of before it is published', async () => {
  const cell = cellOf(filled());
  const versions: number[] = [];
  await cell.ingest(arriving(3).slice(0, 3), {
    sliceMs: 1000,
    onProgress: ({ slices, taken }) => versions.push(cell.version, slices, taken),
  });
  expect(versions).toEqual([1, 1, 3]);
  expect(cell.version).toBe(2);
});
