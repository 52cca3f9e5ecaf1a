import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type Change,
  type SortedSet,
  countInRange,
  eachInRange,
  emptySet,
  nodesOf,
  withChanges,
} from '../../src/collections/sorted-set.js';
import { integerBelow, seeded } from '../support/random.js';

const order = (a: number, b: number): number => a - b;

type Pair = readonly [key: number, number: number];

function pairsOf(set: SortedSet<number>): Pair[] {
  return pairsIn(set, -Infinity, Infinity);
}

function pairsIn(set: SortedSet<number>, least: number, most: number): Pair[] {
  const pairs: Pair[] = [];
  eachInRange(set, between(least, most), ({ keys, numbers }, from, to) => {
    for (let i = from; i < to; i++) pairs.push([keys[i], numbers[i]]);
  });
  return pairs;
}

const between = (least: number, most: number) => ({
  isBefore: (key: number) => key < least,
  isBehind: (key: number) => key > most,
});

/** A set as plain as can be: the texts of its pairs. */
class Model {
  readonly #pairs = new Map<string, Pair>();

  apply(changes: readonly Change<number>[]): this {
    for (const { key, number, isIn } of changes)
      if (isIn) this.#pairs.set(`${key} ${number}`, [key, number]);
      else this.#pairs.delete(`${key} ${number}`);
    return this;
  }

  get pairs(): Pair[] {
    return [...this.#pairs.values()].sort(([a, x], [b, y]) => a - b || x - y);
  }
}

/** Checks what must hold of the tree: no node too full or nearly empty, all leaves at one depth, branches true to their children. */
function expectSound(set: SortedSet<number>): void {
  const depths = new Set<number>();
  (function look(node: SortedSet<number>['root'], depth: number): void {
    const isRoot = depth === 0;
    if (!('children' in node)) {
      depths.add(depth);
      expect(node.keys.length).toBe(node.numbers.length);
      expect(node.keys.length).toBeLessThanOrEqual(128);
      if (!isRoot) expect(node.keys.length).toBeGreaterThanOrEqual(32);
      return;
    }
    expect(node.children.length).toBeLessThanOrEqual(32);
    expect(node.children.length).toBeGreaterThanOrEqual(isRoot ? 2 : 8);
    expect(node.keys).toEqual(node.children.map(({ keys }) => keys[0]));
    expect(node.numbers).toEqual(node.children.map(({ numbers }) => numbers[0]));
    for (const child of node.children) look(child, depth + 1);
  })(set.root, 0);
  expect(depths.size).toBe(1);
}

const change = fc.record({
  key: fc.integer({ min: 0, max: 40 }),
  number: fc.integer({ min: 0, max: 25 }),
  isIn: fc.boolean(),
});
const bulk = fc
  .record({ seed: fc.nat(), count: fc.integer({ min: 1, max: 3000 }), share: fc.constantFrom(0, 0.3, 1) })
  .map(({ seed, count, share }) => {
    const random = seeded(seed);
    return Array.from({ length: count }, () => ({
      key: integerBelow(random, 40),
      number: integerBelow(random, 300),
      isIn: random() < share,
    }));
  });

describe('a sorted set', () => {
  it('is what a plain set would be, and so are all sets before it', () => {
    fc.assert(
      fc.property(
        fc.array(fc.oneof(fc.array(change, { maxLength: 30 }), bulk), { maxLength: 8 }),
        fc.tuple(fc.integer({ min: -1, max: 41 }), fc.integer({ min: -1, max: 41 })),
        (batches, [least, most]) => {
          const model = new Model();
          let set = emptySet<number>();
          const before: [SortedSet<number>, Pair[]][] = [];
          for (const batch of batches) {
            before.push([set, model.pairs]);
            set = withChanges(set, order, batch);
            const { pairs } = model.apply(batch);
            expect(pairsOf(set)).toEqual(pairs);
            expect(set.size).toBe(pairs.length);
            const within = pairs.filter(([key]) => key >= least && key <= most);
            expect(pairsIn(set, least, most)).toEqual(within);
            expect(countInRange(set, between(least, most))).toBe(within.length);
            expectSound(set);
          }
          for (const [old, pairs] of before) expect(pairsOf(old)).toEqual(pairs);
        },
      ),
      { numRuns: 60 },
    );
  });

  const large = withChanges(
    emptySet<number>(),
    order,
    Array.from({ length: 100_000 }, (_, i) => ({ key: i % 1000, number: i, isIn: true })),
  );

  it('is the same one where nothing changes', () => {
    const nothing = [
      { key: 5, number: 5, isIn: true },
      { key: 5, number: 6, isIn: false },
      { key: 7, number: 200_000, isIn: true },
      { key: 7, number: 200_000, isIn: false },
    ];
    expect(withChanges(large, order, nothing)).toBe(large);
    expect(withChanges(large, order, [])).toBe(large);
  });

  it('copies a leaf and the path to it, and shares all else', () => {
    const random = seeded(3);
    for (let i = 0; i < 200; i++) {
      const known = new Set(nodesOf(large));
      const number = integerBelow(random, 100_000);
      const isIn = random() < 0.5;
      const next = withChanges(large, order, [
        { key: number % 1000, number: isIn ? number + 0.5 : number, isIn },
      ]);
      const copied = [...nodesOf(next)].filter((node) => !known.has(node)).length;
      // Of three levels; the lower two may be split in two.
      expect(copied).toBeGreaterThan(0);
      expect(copied).toBeLessThanOrEqual(5);
    }
  });

  it('copies each leaf once for many changes', () => {
    const known = new Set(nodesOf(large));
    const next = withChanges(
      large,
      order,
      Array.from({ length: 500 }, (_, i) => ({ key: 5, number: 200_000 + i, isIn: true })),
    );
    const copied = [...nodesOf(next)].filter((node) => !known.has(node)).length;
    expect(copied).toBeLessThanOrEqual(12);
  });
});
