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
  /** Where the way from a root goes down between columns to a node further below. */
  readonly way: { readonly x: number; readonly y: number } | undefined;
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
/** Below this width, the nodes stand in two rows. */
const NARROW = 560;

/** Lays out what two versions share, in so many pixels. */
export function layoutOf({ twigs }: Sharing, width: number): Layout {
  const bands = width < NARROW ? 2 : 1;
  const columns = TWIGS / bands;
  const pitch = width / columns;
  const most = Math.max(1, ...twigs.flatMap(({ places }) => places.flatMap(rowsIn)));
  const depth = Math.max(0, ...twigs.map(({ places }) => places.length));
  const knotY = ROOT_Y + Math.min(120, 40 + width / 12);
  /** From a node to its first shard. */
  const drop = Math.max(12, 0.6 * pitch);
  const bandHeight = drop + (depth + 0.5) * pitch;

  return {
    width,
    height: knotY + bands * bandHeight,
    roots: {
      both: { x: width / 2, y: ROOT_Y },
      before: { x: width * (0.5 - ROOT_OFFSET), y: ROOT_Y },
      after: { x: width * (0.5 + ROOT_OFFSET), y: ROOT_Y },
    },
    knots: twigs.flatMap(knotsOf),
    squares: twigs.flatMap(({ places }, twig) => places.flatMap((place, row) => squaresOf(place, twig, row))),
  };

  /** The middle of a column, and where its node is. */
  function columnOf(twig: number) {
    const band = Math.floor(twig / columns);
    return { band, x: ((twig % columns) + 0.5) * pitch, y: knotY + band * bandHeight };
  }

  function knotsOf({ places, isShared }: Twig, twig: number): Knot[] {
    if (places.length === 0) return [];
    const { band, x, y } = columnOf(twig);
    const end = y + drop + (places.length - 0.5) * pitch;
    const knot = (side: Side, offset: number): Knot => {
      const way = band === 0 ? undefined : { x: x + pitch / 2 + offset / 3, y: knotY };
      return { twig, side, x: x + offset, y, end, way };
    };
    if (isShared) return [knot('both', 0)];
    const halves = [knot('before', -pitch / 4), knot('after', pitch / 4)];
    return halves.filter(({ side }) => side !== 'both' && places.some((place) => place[side] !== undefined));
  }

  function squaresOf(place: Place, twig: number, row: number): Square[] {
    const { before, after } = place;
    const { x, y } = columnOf(twig);
    const middle = y + drop + (row + 0.5) * pitch;
    const gap = Math.max(0.5, pitch / 24);
    const square = (shard: Shard, side: Side): Square => {
      const height = 0.88 * pitch * Math.sqrt(shard.rows.liveCount / most);
      const width = side === 'both' ? height : height / 2 - gap;
      const left = side === 'after' ? x + gap : x - height / 2;
      return { place, shard, side, x: left, y: middle - height / 2, width, height };
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
