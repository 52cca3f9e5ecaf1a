// The picture of what two versions share. Every shard is one element as long as it lives, so that a commit shows as what it
// is: what is shared stays where it is, and what was written comes in.
import type { ShardId } from 'shardex';
import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import type { Branch, Version } from '../history/history.js';
import { labelOf } from '../parts/words.js';
import { type Layout, type Side, type Square, layoutOf } from './layout.js';
import { identities } from './identity.js';
import { type Sharing, TWIGS } from './sharing.js';

interface PictureProps {
  readonly before: Version<object>;
  readonly after: Version<object>;
  readonly branches: readonly Branch<object>[];
  readonly sharing: Sharing;
  /** Shards of the second version that a search read. */
  readonly read: ReadonlySet<ShardId>;
  /** Shows what a shard is about; nothing for `undefined`. */
  readonly onPoint: (square: Square | undefined) => void;
}

/** Both versions as tries that hang together. The arrow keys go from shard to shard. */
export function Picture({ before, after, branches, sharing, read, onPoint }: PictureProps) {
  const [frame, width] = useWidth();
  const [identityOf] = useState(identities);
  const layout = useMemo(() => layoutOf(sharing, width), [sharing, width]);
  // Nothing moves by itself when the window becomes wider.
  const last = useRef(width);
  const isStill = last.current !== width;
  last.current = width;
  const [pointed, setPointed] = useState<number>();
  const at = layout.squares.findIndex((square) => identityOf(square.shard) === pointed);
  const point = (square: Square | undefined) => {
    setPointed(square && identityOf(square.shard));
    onPoint(square);
  };
  const isOne = before === after;
  const nameOf = (version: Version<object>) =>
    [
      labelOf(version),
      ...branches
        .filter(({ name, tip }) => tip === version && name !== version.branch)
        .map(({ name }) => labelOf({ ...version, branch: name })),
    ].join(' = ');
  return (
    <div ref={frame} class="picture">
      <svg
        viewBox={`0 0 ${layout.width} ${layout.height}`}
        width={layout.width}
        height={layout.height}
        class={isStill ? 'still' : ''}
        role="img"
        tabIndex={0}
        aria-label={`${labelOf(before)} and ${labelOf(after)} as two trees whose roots lead to the same ${sharing.shared} shards. ${sharing.onlyBefore} shards are in the first alone, ${sharing.onlyAfter} in the second alone. Arrow keys go from shard to shard.`}
        onKeyDown={(event) => {
          const next = neighbour(layout, at, event.key);
          if (next === undefined) return;
          event.preventDefault();
          point(next);
        }}
        onBlur={() => {
          point(undefined);
        }}
        onPointerLeave={({ pointerType }) => {
          if (pointerType !== 'touch') point(undefined);
        }}
      >
        <g class="links">
          {layout.knots.flatMap(({ twig, side, x, y, way }) =>
            rootsOf(side, isOne).map((root) => (
              <path
                key={`${root}-${twig}-${side}-${(root === 'before' ? before : after).number}`}
                class={`link of-${root} ${side}`}
                d={curve(layout.roots[root], { x, y }, way)}
              />
            )),
          )}
        </g>
        <g class="stems">
          {layout.knots.map(({ twig, side, x, y, end }) => (
            <line key={`${twig}-${side}`} class={`stem ${side}`} x1={x} x2={x} y1={y} y2={end} />
          ))}
        </g>
        <g>
          {layout.knots.map(({ twig, side, x, y }) => (
            <circle
              key={`${twig}-${side}`}
              class={`knot ${side}`}
              cx={x}
              cy={y}
              r={Math.max(2.5, layout.width / 320)}
            />
          ))}
        </g>
        <g>
          {layout.squares.map((square) => (
            <rect
              key={identityOf(square.shard)}
              class={classOf(square, read, identityOf(square.shard) === pointed)}
              x={square.x}
              y={square.y}
              width={square.width}
              height={square.height}
              rx={Math.min(3, square.width / 5)}
              onPointerEnter={() => {
                point(square);
              }}
            />
          ))}
        </g>
        {isOne ? (
          <Root key={after.number} name={nameOf(after)} at={layout.roots.both} side="both" />
        ) : (
          [
            <Root key={before.number} name={nameOf(before)} at={layout.roots.before} side="before" />,
            <Root key={after.number} name={nameOf(after)} at={layout.roots.after} side="after" />,
          ]
        )}
      </svg>
    </div>
  );
}

function classOf({ side, place }: Square, read: ReadonlySet<ShardId>, isPointed: boolean): string {
  const isRead = side !== 'before' && read.has(place.id);
  return ['square', side, ...(isRead ? ['read'] : []), ...(isPointed ? ['pointed'] : [])].join(' ');
}

interface RootProps {
  readonly name: string;
  readonly at: Point;
  readonly side: Side;
}

function Root({ name, at: { x, y }, side }: RootProps) {
  return (
    <g class={`root ${side}`} style={{ transform: `translate(${x}px, ${y}px)` }}>
      <circle r="8" />
      <text y="-15" text-anchor="middle">
        {name}
      </text>
    </g>
  );
}

function rootsOf(side: Side, isOne: boolean): ('before' | 'after' | 'both')[] {
  if (side !== 'both') return [side];
  return isOne ? ['both'] : ['before', 'after'];
}

interface Point {
  readonly x: number;
  readonly y: number;
}

/** From a root down, then out to a node; to one further below by a way between the columns. */
function curve(from: Point, to: Point, way = to): string {
  const middle = from.y + (way.y - from.y) * 0.55;
  const first = `M${from.x} ${from.y}C${from.x} ${middle} ${way.x} ${middle} ${way.x} ${way.y}`;
  return way === to ? first : `${first}V${to.y - 8}Q${way.x} ${to.y} ${to.x} ${to.y}`;
}

/** The shard that a key leads to: across the places of one depth, or down a stem. */
function neighbour({ squares }: Layout, at: number, key: string): Square | undefined {
  if (!key.startsWith('Arrow')) return undefined;
  const here = squares.at(Math.max(0, at));
  if (here === undefined || at < 0) return here;
  if (key === 'ArrowUp' || key === 'ArrowDown') return squares[at + (key === 'ArrowUp' ? -1 : 1)] ?? here;
  const step = key === 'ArrowLeft' ? -1 : 1;
  const twig = here.place.id % TWIGS;
  const inRow = squares.filter(({ y, height }) => Math.abs(y + height / 2 - here.y - here.height / 2) < 1);
  const beside = inRow.filter(({ place }) => Math.sign((place.id % TWIGS) - twig) === step);
  return beside.at(step < 0 ? -1 : 0) ?? here;
}

/** The width of an element, also when that changes. */
function useWidth() {
  const frame = useRef<HTMLDivElement>(null);
  const [width, setWidth] = useState(800);
  useEffect(() => {
    if (frame.current === null) return;
    const observer = new ResizeObserver(([{ contentRect }]) => {
      setWidth(Math.max(280, Math.floor(contentRect.width)));
    });
    observer.observe(frame.current);
    return () => {
      observer.disconnect();
    };
  }, []);
  return [frame, width] as const;
}
