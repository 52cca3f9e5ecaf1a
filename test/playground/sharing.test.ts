/* The picture of the playground: what it says is shared is one object in both versions, and everything has its place. */

import fc from 'fast-check';
import { type ShardexIndex, createIndex, update } from 'shardex';
import { describe, expect, it } from 'vitest';
import { type Layout, layoutOf } from '../../playground/picture/layout.js';
import { sharingOf } from '../../playground/picture/sharing.js';

const vector = (n: number): number[] => [Math.sin(n), Math.cos(7 * n), Math.sin(3 * n)];
const makeFirst = (): ShardexIndex =>
  createIndex(
    { dimensions: 3, shardCapacity: 8 },
    Array.from({ length: 300 }, (_, n) => ({ documentId: `${n}`, vector: vector(n) })),
  );
const first = makeFirst();

/** Versions after one another, each by some additions and removals. */
function versionsBy(changes: readonly (readonly number[])[]): ShardexIndex[] {
  const versions = [first];
  for (const numbers of changes) {
    const next = update(versions[versions.length - 1], (draft) => {
      for (const n of numbers) {
        if (n % 2 === 0) draft.addPosting({ documentId: `${n}`, vector: vector(n + 0.5) });
        else draft.removeDocument(`${n}`);
      }
    });
    versions.push(next);
  }
  return versions;
}

const changes = fc.array(fc.array(fc.nat(500), { minLength: 1, maxLength: 20 }), {
  minLength: 1,
  maxLength: 3,
});
const pairOfVersions = changes
  .map(versionsBy)
  .chain((versions) => fc.tuple(fc.constantFrom(...versions), fc.constantFrom(...versions)));
const RUNS = { numRuns: 20 };

/** The nodes of a trie's first level, by their place there; read from the internals of Immutable.js. */
function nodesOf({ shards }: ShardexIndex): unknown[] {
  const { _root } = shards as unknown as { readonly _root: { readonly nodes: readonly unknown[] } };
  return Array.from({ length: 32 }, (_, at) => _root.nodes[at]);
}

describe('what two versions share', () => {
  it('is what is the same object in both', () => {
    fc.assert(
      fc.property(pairOfVersions, ([before, after]) => {
        const sharing = sharingOf(before, after);
        const [ofBefore, ofAfter] = [before, after].map(({ shards }) => new Set(shards.values()));
        const same = [...ofAfter].filter((shard) => ofBefore.has(shard));
        expect(sharing.shared).toBe(same.length);
        expect(sharing.onlyBefore).toBe(ofBefore.size - same.length);
        expect(sharing.onlyAfter).toBe(ofAfter.size - same.length);
        const places = sharing.twigs.flatMap(({ places }) => places);
        expect(new Set(places.flatMap(({ before }) => before ?? []))).toEqual(ofBefore);
        expect(new Set(places.flatMap(({ after }) => after ?? []))).toEqual(ofAfter);
        for (const { id, before: a, after: b } of places) {
          expect(a).toBe(before.shards.get(id));
          expect(b).toBe(after.shards.get(id));
        }
      }),
      RUNS,
    );
  });

  it('hangs on nodes that are the same object in both', () => {
    fc.assert(
      fc.property(pairOfVersions, ([before, after]) => {
        const [a, b] = [before, after].map(nodesOf);
        const shared = sharingOf(before, after).twigs.map(({ isShared }) => isShared);
        expect(shared).toEqual(a.map((node, at) => node === b[at]));
      }),
      RUNS,
    );
  });

  it('is counted in bytes as the versions count them', () => {
    fc.assert(
      fc.property(pairOfVersions, ([before, after]) => {
        const { sharedBytes, newBytes } = sharingOf(before, after);
        expect(sharedBytes + newBytes).toBe(after.byteLength);
        expect(sharedBytes).toBe(sharingOf(after, before).sharedBytes);
        if (before === after) expect(newBytes).toBe(0);
      }),
      RUNS,
    );
  });

  it('is nothing where all was made anew', () => {
    const twin = makeFirst();
    expect(twin.fingerprint).toBe(first.fingerprint);
    expect(sharingOf(first, twin)).toMatchObject({ shared: 0, sharedBytes: 0, onlyAfter: first.shardCount });
  });
});

describe('the picture', () => {
  const widths = fc.integer({ min: 280, max: 1400 });

  it('has each shard once, inside, and none above another', () => {
    fc.assert(
      fc.property(pairOfVersions, widths, ([before, after], width) => {
        const layout = layoutOf(sharingOf(before, after), width);
        const drawn = layout.squares.map(({ shard }) => shard);
        expect(drawn.length).toBe(new Set(drawn).size);
        expect(new Set(drawn)).toEqual(new Set([...before.shards.values(), ...after.shards.values()]));
        for (const { x, y, width: w, height: h } of layout.squares) {
          expect(Math.min(x, y, w, h)).toBeGreaterThan(-0.001);
          expect(x + w).toBeLessThanOrEqual(width);
          expect(y + h).toBeLessThanOrEqual(layout.height);
        }
        expect(overlaps(layout)).toEqual([]);
      }),
      RUNS,
    );
  });

  it('says by the side of a square which of the versions have it', () => {
    fc.assert(
      fc.property(pairOfVersions, widths, ([before, after], width) => {
        const sides = { both: [true, true], before: [true, false], after: [false, true] };
        for (const { shard, side, place } of layoutOf(sharingOf(before, after), width).squares) {
          const held = [before, after].map(({ shards }) => shards.get(place.id) === shard);
          expect(held).toEqual(sides[side]);
        }
      }),
      RUNS,
    );
  });

  it('leads from both roots to what is shared, and from its own to what is not', () => {
    fc.assert(
      fc.property(pairOfVersions, ([before, after]) => {
        const { knots, squares } = layoutOf(sharingOf(before, after), 640);
        for (const { place, side, x, width } of squares) {
          const own = knots.filter(({ twig }) => twig === place.id % 32);
          for (const knot of own.filter((knot) => side === 'both' || knot.side === side)) {
            expect(knot.x).toBeGreaterThan(x - 6);
            expect(knot.x).toBeLessThan(x + width + 6);
          }
          const sides = own.map((knot) => knot.side);
          expect(side === 'both' ? sides.length > 0 : sides.includes(side)).toBe(true);
        }
      }),
      RUNS,
    );
  });

  it('leaves a shard where it is while nothing comes or goes beside it', () => {
    const [, second, third] = versionsBy([[1], [3]]);
    const places = ({ squares }: Layout) =>
      new Map(squares.filter(({ side }) => side === 'both').map(({ shard, x, y }) => [shard, `${x} ${y}`]));
    const [a, b] = [sharingOf(first, second), sharingOf(second, third)].map((each) =>
      places(layoutOf(each, 640)),
    );
    const both = [...a].filter(([shard]) => b.has(shard));
    expect(both.length).toBeGreaterThan(20);
    for (const [shard, at] of both) expect(b.get(shard)).toBe(at);
  });

  it('is empty for empty versions', () => {
    const empty = createIndex({ dimensions: 3 });
    expect(layoutOf(sharingOf(empty, empty), 640)).toMatchObject({ knots: [], squares: [] });
  });
});

/** Squares that cover each other. */
function overlaps({ squares }: Layout): unknown[] {
  return squares.filter((a, at) =>
    squares
      .slice(at + 1)
      .some(
        (b) => a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height,
      ),
  );
}
