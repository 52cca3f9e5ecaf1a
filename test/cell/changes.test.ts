import { describe, expect, test } from 'vitest';
import {
  CellClosedError,
  type Commit,
  CowShardexIndex,
  InvalidOptionError,
  ResourceExhaustedError,
  VersionNotKeptError,
  applyDelta,
  createIndex,
} from 'shardex';
import { rejectionOf } from '../support/thrown.js';

const EMPTY = createIndex({ dimensions: 1 });

function add(cell: CowShardexIndex, documentId: string): Commit {
  return cell.update((draft) => {
    draft.addPosting({ documentId, vector: [1] });
  });
}

function grow(cell: CowShardexIndex, count: number): void {
  for (let i = 0; i < count; i++) add(cell, `d${cell.version}`);
}

/** What a stream gives until it ends. */
async function all(stream: AsyncIterable<Commit>): Promise<number[]> {
  const seen: number[] = [];
  for await (const { version } of stream) seen.push(version);
  return seen;
}

describe('changes()', () => {
  test('gives every commit once and in order, those before the first look too (I9)', async () => {
    const cell = new CowShardexIndex(EMPTY);
    const stream = cell.changes();
    grow(cell, 3);
    const seen: [number, number][] = [];
    for await (const { previous, version } of stream) {
      seen.push([previous.version, version]);
      // Commits made while the loop body runs, and while it waits.
      if (version === 3) grow(cell, 2);
      if (version === 5) queueMicrotask(() => add(cell, 'late'));
      if (version === 6) break;
    }
    expect(seen).toEqual([1, 2, 3, 4, 5, 6].map((n) => [n - 1, n]));
  });

  test('leaving the loop ends the subscription', async () => {
    const cell = new CowShardexIndex(EMPTY);
    const stream = cell.changes({ maxBuffered: 1 });
    add(cell, 'a');
    for await (const { version } of stream) {
      expect(version).toBe(1);
      break;
    }
    // Nothing is kept any more, or this would be too much.
    grow(cell, 5);
    expect(await stream.next()).toEqual({ done: true, value: undefined });
  });

  test('several requests at once are answered in order', async () => {
    const cell = new CowShardexIndex(EMPTY);
    const stream = cell.changes();
    const asked = [stream.next(), stream.next(), stream.next()];
    grow(cell, 2);
    await stream.return?.();
    const results = await Promise.all(asked);
    expect(results.map(({ value }) => value?.version)).toEqual([1, 2, undefined]);
    expect(results[2].done).toBe(true);
  });

  test('since: what was missed comes first, as long as the history has it', async () => {
    const cell = new CowShardexIndex(EMPTY, { history: { versions: 3 } });
    grow(cell, 5);
    const stream = cell.changes({ since: 2 });
    grow(cell, 1);
    cell.close();
    expect(await all(stream)).toEqual([3, 4, 5, 6]);
    const other = new CowShardexIndex(EMPTY, { history: { versions: 3 } });
    grow(other, 5);
    expect(() => other.changes({ since: 1 })).toThrow(VersionNotKeptError);
    expect(() => other.changes({ since: 6 })).toThrow(VersionNotKeptError);
    expect(() => other.changes({ since: 1.5 })).toThrow(InvalidOptionError);
  });

  test('a slow reader may have commits joined: the same end, in one step that spans them', async () => {
    const cell = new CowShardexIndex(EMPTY);
    const stream = cell.changes({ coalesce: true, maxBuffered: 1 });
    const before = cell.read();
    grow(cell, 3);
    cell.update((draft) => {
      draft.removeDocument('d0');
    });
    const { value: joined } = await stream.next();
    expect([joined?.previous, joined?.index]).toEqual([before, cell.read()]);
    expect(joined?.delta.documents.added).toEqual(['d1', 'd2']);
    expect(applyDelta(before, (joined as Commit).delta).fingerprint).toBe(cell.read().fingerprint);
    add(cell, 'next');
    expect((await stream.next()).value).toMatchObject({ version: 5 });
  });

  test('a reader that is too slow gets what was kept, then an error, and keeps nothing', async () => {
    const cell = new CowShardexIndex(EMPTY);
    const stream = cell.changes({ maxBuffered: 2 });
    grow(cell, 4);
    expect([(await stream.next()).value?.version, (await stream.next()).value?.version]).toEqual([1, 2]);
    expect(await rejectionOf(stream.next())).toBeInstanceOf(ResourceExhaustedError);
    expect((await stream.next()).done).toBe(true);
  });

  test('an abort ends it with the reason, whether it waits or not', async () => {
    const reason = new Error('enough');
    for (const waiting of [true, false]) {
      const cell = new CowShardexIndex(EMPTY);
      const controller = new AbortController();
      const stream = cell.changes({ signal: controller.signal });
      const early = waiting ? stream.next() : undefined;
      if (!waiting) add(cell, 'a');
      controller.abort(reason);
      expect(await rejectionOf(early ?? stream.next())).toBe(reason);
      expect((await stream.next()).done).toBe(true);
    }
    const aborted = new CowShardexIndex(EMPTY).changes({ signal: AbortSignal.abort(reason) });
    expect(await rejectionOf(aborted.next())).toBe(reason);
  });

  test('closing the cell ends it once what is there was taken', async () => {
    const cell = new CowShardexIndex(EMPTY, { history: { versions: 5 } });
    const [full, idle] = [cell.changes(), cell.changes()];
    const waiting = idle.next();
    grow(cell, 2);
    await waiting;
    await idle.next();
    const last = idle.next();
    cell.close();
    expect((await last).done).toBe(true);
    expect(await all(full)).toEqual([1, 2]);
    expect(await all(cell.changes())).toEqual([]);
  });

  test('refuses what is no option', () => {
    const cell = new CowShardexIndex(EMPTY);
    expect(() => cell.changes({ maxBuffered: 0 })).toThrow(InvalidOptionError);
    expect(() => cell.changes({ coalesce: 1 as never })).toThrow(InvalidOptionError);
    expect(() => cell.changes({ signal: {} as never })).toThrow(InvalidOptionError);
    expect(() => cell.changes({ sinse: 1 } as never)).toThrow(InvalidOptionError);
  });
});

describe('subscribe({ since })', () => {
  test('tells what was missed before it returns, then goes on, each once and in order (I9)', () => {
    const cell = new CowShardexIndex(EMPTY, { history: { versions: 10 } });
    grow(cell, 3);
    const seen: number[] = [];
    cell.subscribe(
      ({ version }) => {
        seen.push(version);
        // Made while it catches up, or in the middle of that.
        if (version === 2) add(cell, 'from the listener');
      },
      { since: 1 },
    );
    expect(seen).toEqual([2, 3, 4]);
    grow(cell, 1);
    expect(seen).toEqual([2, 3, 4, 5]);
  });

  test('also when it comes while others are being told', () => {
    const cell = new CowShardexIndex(EMPTY, { history: { versions: 10 } });
    const seen: number[] = [];
    let late = false;
    cell.subscribe(({ version }) => {
      if (version === 2) add(cell, 'more');
      if (version !== 2 || late) return;
      late = true;
      cell.subscribe(({ version: told }) => seen.push(told), { since: 0 });
      add(cell, 'yet more');
    });
    grow(cell, 3);
    expect(seen).toEqual([1, 2, 3, 4, 5]);
  });

  test('needs the versions in between', () => {
    const cell = new CowShardexIndex(EMPTY);
    grow(cell, 1);
    expect(() => cell.subscribe(() => undefined, { since: 0 })).toThrow(VersionNotKeptError);
    cell.close();
    expect(() => cell.subscribe(() => undefined)).toThrow(CellClosedError);
  });
});

describe('waitFor()', () => {
  test('a number resolves to the first version that has at least it', async () => {
    const cell = new CowShardexIndex(EMPTY);
    expect(await cell.waitFor(0)).toBe(EMPTY);
    const waiting = cell.waitFor(2);
    grow(cell, 4);
    expect((await waiting).version).toBe(2);
  });

  test('a predicate is asked about every version, the current one first', async () => {
    const cell = new CowShardexIndex(EMPTY);
    const asked: number[] = [];
    const waiting = cell.waitFor(({ version, postingCount }) => {
      asked.push(version);
      return postingCount === 2;
    });
    grow(cell, 4);
    expect((await waiting).version).toBe(2);
    expect(asked).toEqual([0, 1, 2]);
  });

  test('rejects with what the predicate throws, the signal’s reason, or because the cell was closed', async () => {
    const cell = new CowShardexIndex(EMPTY);
    const mine = new Error('mine');
    const throwing = cell.waitFor(({ version }) => {
      if (version > 0) throw mine;
      return false;
    });
    const controller = new AbortController();
    const aborted = cell.waitFor(9, { signal: controller.signal });
    const closed = cell.waitFor(9);
    grow(cell, 1);
    expect(await rejectionOf(throwing)).toBe(mine);
    controller.abort(mine);
    expect(await rejectionOf(aborted)).toBe(mine);
    cell.close();
    expect(await rejectionOf(closed)).toBeInstanceOf(CellClosedError);
    expect(await rejectionOf(cell.waitFor(9))).toBeInstanceOf(CellClosedError);
    expect(await cell.waitFor(1)).toBe(cell.read());
    expect(await rejectionOf(cell.waitFor(9, { signal: AbortSignal.abort(mine) }))).toBe(mine);
    expect(await rejectionOf(cell.waitFor('1' as never))).toBeInstanceOf(InvalidOptionError);
  });
});
