/*
 * A version as a map of its shards, with a legend, what it shares in numbers, and a table of the same for who cannot see it.
 */

import { select } from 'd3-selection';
import { type D3ZoomEvent, type ZoomBehavior, zoom, zoomIdentity } from 'd3-zoom';
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';
import type { Found } from '../api/find.js';
import type { MapShard, ShardMap } from '../api/shard-map.js';
import { type DrawnShard, type View, drawMap } from './draw-map.js';
import { ShardTable } from './shard-table.js';
import { bytes, count, many, percent } from './texts.js';

interface MapProps {
  readonly map: ShardMap | undefined;
  readonly error: string | undefined;
  readonly found: Found | undefined;
  readonly isNewest: boolean;
}

const STATES = { shared: 'shared', changed: 'changed', new: 'new', gone: 'gone' } as const;

export function MapView({ map, error, found, isNewest }: MapProps) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const drawn = useRef<readonly DrawnShard[]>([]);
  const size = useSize(canvas);
  const [scheme, setScheme] = useState(0);
  const { transform, step, reset } = useZoom(canvas);
  const [under, setUnder] = useState<MapShard | undefined>(undefined);
  const { width, height } = size;

  useLayoutEffect(() => {
    if (canvas.current === null || map === undefined || width === 0) return;
    const view: View = { width, height, zoom: transform };
    drawn.current = drawMap(canvas.current, map, found, view);
  }, [map, found, width, height, transform, scheme]);
  useEffect(() => {
    const dark = matchMedia('(prefers-color-scheme: dark)');
    const again = (): void => {
      setScheme((n) => n + 1);
    };
    dark.addEventListener('change', again);
    return () => {
      dark.removeEventListener('change', again);
    };
  }, []);

  const point = ({ offsetX, offsetY }: MouseEvent): void => {
    const hit = drawn.current.findLast(
      ({ x, y, radius }) => Math.hypot(x - offsetX, y - offsetY) <= radius + 2,
    );
    setUnder(hit?.shard);
  };
  return (
    <section class="map" aria-labelledby="map">
      <h2 id="map" tabIndex={-1}>
        {map === undefined ? 'Map' : `Version ${map.version}`}
        {map !== undefined && isNewest && <small> the newest</small>}
        {map?.against && <small> compared with version {map.against.version}</small>}
      </h2>
      {error !== undefined && <p role="alert">{error}</p>}
      {map && <Summary map={map} />}
      {found && (
        <p class="legend">
          <span>✕ query</span>
          <span>
            <i class="swatch result" /> results
          </span>
          <span>
            <i class="swatch read" /> shards that were read, numbered in order
          </span>
        </p>
      )}
      <div class="canvas">
        <canvas
          ref={canvas}
          role="img"
          aria-label={map && `Map of ${many(map.shards.length, 'shard')}; the table below has the same.`}
          onMouseMove={point}
          onMouseLeave={() => {
            setUnder(undefined);
          }}
        />
        <div class="zoom">
          <button
            type="button"
            aria-label="Zoom in"
            onClick={() => {
              step(1.5);
            }}
          >
            +
          </button>
          <button
            type="button"
            aria-label="Zoom out"
            onClick={() => {
              step(1 / 1.5);
            }}
          >
            −
          </button>
          <button type="button" aria-label="Show all" onClick={reset}>
            ◻
          </button>
        </div>
      </div>
      <p class="under">
        {under === undefined
          ? 'Area: rows. Place: centroids, along the two axes by which they differ most.'
          : `Shard ${under.id}: ${many(under.rows, 'row')}, ${under.dead} dead${under.state ? `, ${under.state}` : ''}`}
      </p>
      {map && <ShardTable map={map} found={found} />}
    </section>
  );
}

/** What is shared, in numbers; the legend of the map. */
function Summary({ map }: { readonly map: ShardMap }) {
  const { against } = map;
  if (against === undefined)
    return (
      <p class="legend">
        <span>{many(map.shards.length, 'shard')}; compare with another version to see what both share</span>
      </p>
    );
  if (!against.isComparable)
    return (
      <p class="legend">
        The log leads from neither of these versions to the other, so what they share is not known.
      </p>
    );
  const all = against.sharedBytes + against.ownBytes;
  return (
    <p class="legend">
      {Object.values(STATES).map((state) => (
        <span>
          <i class={`swatch ${state}`} /> <b data-testid={state}>{count(against.counts[state])}</b> {state}
        </span>
      ))}
      <span>
        {bytes(against.sharedBytes)} of {bytes(all)} in memory shared (
        {percent(all === 0 ? 1 : against.sharedBytes / all)})
      </span>
    </p>
  );
}

function useSize(canvas: { readonly current: HTMLCanvasElement | null }): {
  readonly width: number;
  readonly height: number;
} {
  const [size, setSize] = useState({ width: 0, height: 0 });
  useEffect(() => {
    if (canvas.current === null) return;
    const observer = new ResizeObserver(([{ contentRect }]) => {
      setSize({ width: contentRect.width, height: contentRect.height });
    });
    observer.observe(canvas.current);
    return () => {
      observer.disconnect();
    };
  }, [canvas]);
  return size;
}

/** Zooming by buttons, by the wheel with Ctrl, by two fingers; moving by dragging. One finger and the wheel scroll the page. */
function useZoom(canvas: { readonly current: HTMLCanvasElement | null }) {
  const [transform, setTransform] = useState(zoomIdentity);
  const behaviour = useRef<ZoomBehavior<HTMLCanvasElement, unknown> | undefined>(undefined);
  useEffect(() => {
    if (canvas.current === null) return;
    const zooming = zoom<HTMLCanvasElement, unknown>()
      .scaleExtent([1, 40])
      .filter((event: MouseEvent | TouchEvent) =>
        event.type === 'wheel'
          ? (event as WheelEvent).ctrlKey
          : 'touches' in event
            ? event.touches.length > 1
            : event.button === 0,
      )
      .on('zoom', ({ transform: next }: D3ZoomEvent<HTMLCanvasElement, unknown>) => {
        setTransform(next);
      });
    select(canvas.current).call(zooming).style('touch-action', 'pan-x pan-y');
    behaviour.current = zooming;
  }, [canvas]);
  const on = (
    change: (zooming: ZoomBehavior<HTMLCanvasElement, unknown>, of: HTMLCanvasElement) => void,
  ): void => {
    if (behaviour.current !== undefined && canvas.current !== null) change(behaviour.current, canvas.current);
  };
  return {
    transform,
    step: (by: number) => {
      on((zooming, of) => {
        select(of).call((selected) => {
          zooming.scaleBy(selected, by);
        });
      });
    },
    reset: () => {
      on((zooming, of) => {
        select(of).call((selected) => {
          zooming.transform(selected, zoomIdentity);
        });
      });
    },
  };
}
