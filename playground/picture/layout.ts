// Where everything in the picture of two versions stands: two roots, below them the nodes of the trie, below these the
// shards. What both versions share is there once, and both roots lead to it; where they differ, a place is cut in two, the
// first version's half on the left and the second's on the right. A place is where it is, whatever is compared.
import type { Shard } from 'shardex';
import { type Place, type Sharing, type Twig, TWIGS, isShared } from './sharing.js';

/** Whose something is. */
export type Side = 'both' | 'before' | 'after';

/** A shard, or one version's half of a place. */
export interface Square {
  readonly place: Place;
  readonly shard: Shard;
  readonly side: Side;
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** A node of the trie, with the stem on which its shards hang. */
export interface Knot {
  readonly twig: number;
  readonly side: Side;
  readonly x: number;
  readonly y: number;
  /** Where the stem ends. */
  readonly end: number;
}

/** The whole picture. */
export interface Layout {
  readonly width: number;
  readonly height: number;
  readonly roots: Readonly<Record<Side, { readonly x: number; readonly y: number }>>;
  readonly knots: readonly Knot[];
  readonly squares: readonly Square[];
}

const ROOT_Y = 34;
/** How far to the side of the middle the roots are, as a share of the width. */
const ROOT_OFFSET = 0.17;

/** Lays out what two versions share, in so many pixels. */
export function layoutOf({ twigs }: Sharing, width: number): Layout {
  const pitch = width / TWIGS;
  const knotY = ROOT_Y + Math.min(120, 40 + width / 12);
  const firstY = knotY + Math.max(12, 0.9 * pitch);
  const most = Math.max(1, ...twigs.flatMap(({ places }) => places.flatMap(rowsIn)));
  const depth = Math.max(0, ...twigs.map(({ places }) => places.length));
  const sideOf = (shard: Shard): number => 0.88 * pitch * Math.sqrt(shard.rows.liveCount / most);

  return {
    width,
    height: firstY + depth * pitch,
    roots: {
      both: { x: width / 2, y: ROOT_Y },
      before: { x: width * (0.5 - ROOT_OFFSET), y: ROOT_Y },
      after: { x: width * (0.5 + ROOT_OFFSET), y: ROOT_Y },
    },
    knots: twigs.flatMap(knotsOf),
    squares: twigs.flatMap(({ places }, twig) => places.flatMap((place, row) => squaresOf(place, twig, row))),
  };

  function knotsOf({ places, isShared }: Twig, twig: number): Knot[] {
    if (places.length === 0) return [];
    const x = (twig + 0.5) * pitch;
    const end = firstY + (places.length - 0.5) * pitch;
    if (isShared) return [{ twig, side: 'both', x, y: knotY, end }];
    const halves = [
      { twig, side: 'before', x: x - pitch / 4, y: knotY, end },
      { twig, side: 'after', x: x + pitch / 4, y: knotY, end },
    ] as const;
    return halves.filter(({ side }) => places.some((place) => place[side] !== undefined));
  }

  function squaresOf(place: Place, twig: number, row: number): Square[] {
    const { before, after } = place;
    const [x, y] = [(twig + 0.5) * pitch, firstY + (row + 0.5) * pitch];
    const gap = Math.max(0.5, pitch / 24);
    const square = (shard: Shard, side: Side): Square => {
      const height = sideOf(shard);
      const width = side === 'both' ? height : height / 2 - gap;
      const left = side === 'after' ? x + gap : x - height / 2;
      return { place, shard, side, x: left, y: y - height / 2, width, height };
    };
    if (isShared(place)) return before === undefined ? [] : [square(before, 'both')];
    return [
      ...(before === undefined ? [] : [square(before, 'before')]),
      ...(after === undefined ? [] : [square(after, 'after')]),
    ];
  }
}

function rowsIn({ before, after }: Place): number[] {
  return [before, after].map((shard) => shard?.rows.liveCount ?? 0);
}
