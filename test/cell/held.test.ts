import fc from 'fast-check';
import { describe, expect, test, vi } from 'vitest';
import {
  CowShardexIndex,
  type HeldVersion,
  InvalidOptionError,
  PinReleasedError,
  type ShardexIndex,
  createIndex,
} from 'shardex';
import { collectGarbage } from '../support/garbage.js';
import type { RowBlock } from '../../src/version/row-block.js';

const OPTIONS = { dimensions: 2, metric: 'euclidean', shardCapacity: 8 } as const;

function place(i: number): number[] {
  return [(i * 7) % 31, (i * 13) % 29];
}

/** A commit that fills, splits, empties and rebuilds shards, by its number. */
function step(cell: CowShardexIndex, n: number): void {
  cell.update((draft) => {
    for (let i = 0; i < 6; i++)
      draft.addPosting({ documentId: `d${(n * 5 + i) % 60}`, vector: place(n * 5 + i) });
    draft.removeDocument(`d${(n * 11) % 60}`);
  });
}

function blocksOf(index: ShardexIndex): Set<RowBlock> {
  return new Set([...index.shards.values()].flatMap(({ rows }) => rows.segments.map(({ block }) => block)));
}

/** Counted by hand: the blocks of one version that none of the others has. */
function exclusiveBytes(index: ShardexIndex, others: readonly ShardexIndex[]): number {
  const shared = new Set(others.flatMap((other) => [...blocksOf(other)]));
  return [...blocksOf(index)].reduce((sum, block) => sum + (shared.has(block) ? 0 : block.byteLength), 0);
}

/** Waits until just these old versions live. */
async function untilHeld(
  cell: CowShardexIndex,
  versions: readonly number[],
): Promise<readonly HeldVersion[]> {
  await collectGarbage(() => cell.held().length === versions.length);
  const held = cell.held();
  expect(held.map(({ version }) => version)).toEqual(versions);
  return held;
}

describe('held()', () => {
  test('lists the old versions that live, and only those (I8)', async () => {
    const cell = new CowShardexIndex(createIndex(OPTIONS));
    expect(cell.held()).toEqual([]);
    const kept: ShardexIndex[] = [];
    for (let n = 0; n < 30; n++) {
      step(cell, n);
      if (n % 7 === 0) kept.push(cell.read());
    }
    await untilHeld(
      cell,
      kept.map(({ version }) => version),
    );
    kept.shift();
    await untilHeld(
      cell,
      kept.map(({ version }) => version),
    );
    kept.length = 0;
    await untilHeld(cell, []);
  });

  test('bytes that only one version keeps are those of a count by hand, whatever died in between', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.constantFrom('step', 'step', 'keep', 'restore', 'drop'), { maxLength: 40 }),
        async (actions) => {
          const cell = new CowShardexIndex(createIndex(OPTIONS));
          const kept: ShardexIndex[] = [];
          let n = 0;
          for (const action of actions) {
            if (action === 'step') step(cell, n++);
            else if (action === 'keep') kept.push(cell.read());
            else if (action === 'drop') kept.shift();
            else if (kept.length > 0) cell.commitChanges(kept[0], { expected: cell.read() });
          }
          const current = cell.read();
          const old = new Map(
            kept.filter((index) => index !== current).map((index) => [index.version, index]),
          );
          const held = await untilHeld(
            cell,
            [...old.keys()].sort((a, b) => a - b),
          );
          for (const { version, exclusiveBytes: exclusive, sharedBytes } of held) {
            const index = old.get(version) as ShardexIndex;
            const others = [current, ...[...old.values()].filter((other) => other !== index)];
            expect(exclusive).toBe(exclusiveBytes(index, others));
            expect(exclusive + sharedBytes).toBe(index.byteLength);
          }
        },
      ),
      { numRuns: 40 },
    );
  });

  test('says who is known to hold it: history, tags, pins, writers', async () => {
    const cell = new CowShardexIndex(createIndex(OPTIONS), { history: { versions: 1 } });
    const writers = [cell.cloneForWrite()];
    const pins = [cell.pin({ label: 'report' }), cell.pin()];
    cell.tag('empty');
    step(cell, 0);
    step(cell, 1);
    const held = await untilHeld(cell, [0, 1]);
    expect(held[0]).toMatchObject({
      version: 0,
      tags: ['empty'],
      inHistory: false,
      writers: 1,
      pins: [{ label: 'report' }, { label: undefined }],
      stacks: [],
    });
    expect(held[1]).toMatchObject({ tags: [], inHistory: true, writers: 0, pins: [] });
    pins[0].release();
    // Closed or not, a writer has its base.
    writers.pop()?.discard();
    cell.untag('empty');
    expect((await untilHeld(cell, [0, 1]))[0]).toMatchObject({
      writers: 0,
      tags: [],
      pins: [{ label: undefined }],
    });
    pins[1].release();
    await untilHeld(cell, [1]);
  });

  test('a writer that was forgotten counts no more once it is collected', async () => {
    const cell = new CowShardexIndex(createIndex(OPTIONS));
    cell.tag('empty');
    const forget = (): void => {
      cell.cloneForWrite().addPosting({ documentId: 'a', vector: [1, 2] });
    };
    forget();
    step(cell, 0);
    expect(cell.held()[0].writers).toBe(1);
    await collectGarbage(() => cell.held()[0].writers === 0);
    expect(cell.held()[0].writers).toBe(0);
  });

  test('with trace it remembers where versions were handed out', () => {
    function leakySnapshot(cell: CowShardexIndex): ShardexIndex {
      return cell.read();
    }
    const cell = new CowShardexIndex(createIndex(OPTIONS), { held: { trace: true } });
    const leaked = leakySnapshot(cell);
    const pin = cell.pin();
    step(cell, 0);
    const [held] = cell.held();
    expect(held.version).toBe(leaked.version);
    expect(held.stacks.some((stack) => stack.includes('leakySnapshot'))).toBe(true);
    expect(held.pins[0].stack).toContain('held.test');
    expect(pin.index).toBe(leaked);
  });
});

describe('a pin', () => {
  test('keeps its version, for at() too, until it is released', () => {
    const cell = new CowShardexIndex(createIndex(OPTIONS));
    step(cell, 0);
    const pin = cell.pin({ label: 'mine' });
    const pinned = cell.read();
    step(cell, 1);
    expect([pin.index, cell.at(1)]).toEqual([pinned, pinned]);
    expect(cell.versions()).toEqual([1, 2]);
    expect([pin.version, pin.label, pin.isReleased]).toEqual([1, 'mine', false]);
    const second = cell.pin({ version: 1 });
    pin.release();
    pin.release();
    expect([pin.version, pin.isReleased]).toEqual([1, true]);
    expect(() => pin.index).toThrow(PinReleasedError);
    expect(cell.at(1)).toBe(pinned);
    second[Symbol.dispose]();
    expect(() => cell.at(1)).toThrow('not kept');
    expect(() => cell.pin({ version: 1 })).toThrow('not kept');
    expect(() => cell.pin({ label: 1 as never })).toThrow(InvalidOptionError);
  });

  test('holds nothing once it is released, even if it is kept', async () => {
    const cell = new CowShardexIndex(createIndex(OPTIONS));
    const pin = cell.pin();
    step(cell, 0);
    await untilHeld(cell, [0]);
    pin.release();
    await untilHeld(cell, []);
    expect(pin.isReleased).toBe(true);
  });
});

describe('the warning', () => {
  test('comes once for each version that is held too long, or keeps too much alone', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance', 'queueMicrotask'] });
    try {
      const told: HeldVersion[] = [];
      const cell = new CowShardexIndex(createIndex(OPTIONS), {
        held: { maxAge: 5000, onExceeded: (held) => told.push(held) },
      });
      const pin = cell.pin({ label: 'forgotten' });
      step(cell, 0);
      await vi.advanceTimersByTimeAsync(4900);
      expect(told).toEqual([]);
      await vi.advanceTimersByTimeAsync(3000);
      expect(told).toHaveLength(1);
      expect(told[0]).toMatchObject({ version: 0, pins: [{ label: 'forgotten' }] });
      await vi.advanceTimersByTimeAsync(60_000);
      expect(told).toHaveLength(1);
      pin.release();

      const sized: HeldVersion[] = [];
      const other = new CowShardexIndex(createIndex(OPTIONS), {
        held: { maxBytes: 200, onExceeded: (held) => sized.push(held) },
      });
      const kept = other.pin();
      for (let n = 0; n < 40; n++) step(other, n);
      const large = other.held().filter(({ exclusiveBytes: bytes }) => bytes > 200);
      await vi.advanceTimersByTimeAsync(2000);
      expect(sized.map(({ version }) => version)).toEqual(large.map(({ version }) => version));
      expect(sized.length).toBeGreaterThan(2);
      kept.release();
      other.close();
      const count = sized.length;
      await vi.advanceTimersByTimeAsync(60_000);
      expect(sized).toHaveLength(count);
    } finally {
      vi.useRealTimers();
    }
  });

  test('limits that nobody is told of are refused, as is what is no limit', () => {
    const cell = (held: object): CowShardexIndex => new CowShardexIndex(createIndex(OPTIONS), { held });
    expect(() => cell({ maxAge: 1000 })).toThrow(InvalidOptionError);
    expect(() => cell({ maxBytes: 0, onExceeded: () => undefined })).toThrow(InvalidOptionError);
    expect(() => cell({ onExceeded: 1 })).toThrow(InvalidOptionError);
    expect(() => cell({ trace: 'yes' })).toThrow(InvalidOptionError);
    expect(() => cell({ limit: 1 })).toThrow(InvalidOptionError);
  });
});

describe('history by bytes', () => {
  test('keeps the newest versions that hold no more than that besides the current one', () => {
    const cell = new CowShardexIndex(createIndex(OPTIONS), { history: { maxBytes: 3000 } });
    const all = [cell.read()];
    const beside = (versions: readonly ShardexIndex[]): number => {
      const current = blocksOf(cell.read());
      const blocks = new Set(versions.flatMap((index) => [...blocksOf(index)]));
      return [...blocks].reduce((sum, block) => sum + (current.has(block) ? 0 : block.byteLength), 0);
    };
    let letGo = 0;
    for (let n = 0; n < 60; n++) {
      step(cell, n);
      all.push(cell.read());
      // Of all versions as many of the newest as fit, and not one less.
      while (beside(all) > 3000) {
        all.shift();
        letGo++;
      }
      expect(cell.versions()).toEqual(all.map(({ version }) => version));
    }
    expect(letGo).toBeGreaterThan(20);
    expect(all.length).toBeGreaterThan(1);
    expect(() => new CowShardexIndex(createIndex(OPTIONS), { history: {} })).toThrow(InvalidOptionError);
    expect(() => new CowShardexIndex(createIndex(OPTIONS), { history: { maxBytes: 0 } })).toThrow(
      InvalidOptionError,
    );
  });
});
