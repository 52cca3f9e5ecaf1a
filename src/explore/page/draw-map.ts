/*
 * Draws the map of a version on a canvas: shards by place, size and colour; a search with the order in which it read them.
 */

import type { Found } from '../api/find.js';
import type { MapShard, ShardMap } from '../api/shard-map.js';

/** Where things lie on the canvas. */
export interface View {
  readonly width: number;
  readonly height: number;
  /** What zooming and moving have made of it. */
  readonly zoom: { readonly k: number; readonly x: number; readonly y: number };
}

/** A shard as it is drawn. */
export interface DrawnShard {
  readonly shard: MapShard;
  readonly x: number;
  readonly y: number;
  readonly radius: number;
}

const MARGIN = 28;
/** Share of the canvas that all shards would cover if none lay on another. */
const COVERED = 0.22;
const LEAST_RADIUS = 2;
/** Shards whose place in the order of reading is written on them. */
const NUMBERED = 12;

/** Places shards on the canvas: what differs on top, and small ones on large ones. */
export function placed(
  { shards }: ShardMap,
  view: View,
): {
  readonly drawn: readonly DrawnShard[];
  readonly at: (place: readonly [number, number]) => [number, number];
} {
  const [xs, ys] = [shards.map(({ x }) => x), shards.map(({ y }) => y)];
  const [left, right, low, high] = [least(xs), most(xs), least(ys), most(ys)];
  const scale = Math.min(
    (view.width - 2 * MARGIN) / (right - left || 1),
    (view.height - 2 * MARGIN) / (high - low || 1),
  );
  const [middleX, middleY] = [(left + right) / 2, (low + high) / 2];
  const { k, x: dx, y: dy } = view.zoom;
  const at = ([x, y]: readonly [number, number]): [number, number] => [
    (view.width / 2 + (x - middleX) * scale) * k + dx,
    (view.height / 2 - (y - middleY) * scale) * k + dy,
  ];
  const rows = shards.reduce((sum, shard) => sum + shard.rows, 0);
  const areaOfRow = (COVERED * view.width * view.height) / Math.max(1, rows);
  const widest = Math.min(view.width, view.height) / 7;
  const drawn = shards.map((shard) => {
    const [x, y] = at([shard.x, shard.y]);
    const radius = Math.min(widest, Math.max(LEAST_RADIUS, Math.sqrt((areaOfRow * shard.rows) / Math.PI)));
    return { shard, x, y, radius: radius * Math.sqrt(k) };
  });
  const above = ({ shard }: DrawnShard): number =>
    shard.state === 'changed' || shard.state === 'new' ? 1 : 0;
  drawn.sort((a, b) => above(a) - above(b) || b.radius - a.radius || a.shard.id - b.shard.id);
  return { drawn, at };
}

/** Draws everything. Time: O(shards). */
export function drawMap(
  canvas: HTMLCanvasElement,
  map: ShardMap,
  found: Found | undefined,
  view: View,
): readonly DrawnShard[] {
  const context = canvas.getContext('2d');
  const { drawn, at } = placed(map, view);
  if (context === null) return drawn;
  const ratio = window.devicePixelRatio || 1;
  const [width, height] = [Math.round(view.width * ratio), Math.round(view.height * ratio)];
  if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height });
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.clearRect(0, 0, view.width, view.height);
  const style = getComputedStyle(canvas);
  const colour = (name: string): string => style.getPropertyValue(`--${name}`).trim();
  const order = new Map(found?.explanation.scanned.map((id, i) => [id, i]));
  for (const one of drawn) {
    const name = one.shard.state ?? 'plain';
    context.globalAlpha = found === undefined || order.has(one.shard.id) ? 1 : 0.3;
    circle(context, one.x, one.y, one.radius);
    context.fillStyle = colour(`${name}-fill`);
    if (name !== 'gone') context.fill();
    context.setLineDash(name === 'gone' ? [3, 3] : []);
    context.lineWidth = name === 'changed' ? 2 : 1;
    context.strokeStyle = colour(`${name}-line`);
    context.stroke();
  }
  context.globalAlpha = 1;
  context.setLineDash([]);
  if (found !== undefined) drawSearch(context, { found, drawn, at, order, colour });
  return drawn;
}

interface SearchDrawing {
  readonly found: Found;
  readonly drawn: readonly DrawnShard[];
  readonly at: (place: readonly [number, number]) => [number, number];
  readonly order: ReadonlyMap<number, number>;
  readonly colour: (name: string) => string;
}

/** Draws the query, the results, and in which order shards were read. */
function drawSearch(
  context: CanvasRenderingContext2D,
  { found, drawn, at, order, colour }: SearchDrawing,
): void {
  const query = at(found.place);
  const read = drawn.filter(({ shard }) => order.has(shard.id));
  context.strokeStyle = colour('read');
  for (const { shard, x, y, radius } of read) {
    const rank = order.get(shard.id) ?? 0;
    context.lineWidth = rank < NUMBERED ? 2 : 1;
    circle(context, x, y, radius + 2);
    context.stroke();
  }
  context.lineWidth = 1;
  context.fillStyle = colour('result');
  context.strokeStyle = colour('paper');
  for (const { place } of found.results) {
    const [x, y] = at(place);
    context.beginPath();
    context.rect(x - 3.5, y - 3.5, 7, 7);
    context.fill();
    context.stroke();
  }
  cross(context, query, colour);
  context.font = '600 12px system-ui, sans-serif';
  context.textAlign = 'center';
  context.textBaseline = 'middle';
  for (const { shard, x, y } of read) {
    const rank = order.get(shard.id) ?? 0;
    if (rank >= NUMBERED) continue;
    context.lineWidth = 3;
    context.strokeStyle = colour('paper');
    context.strokeText(String(rank + 1), x, y);
    context.fillStyle = colour('ink');
    context.fillText(String(rank + 1), x, y);
  }
}

function cross(
  context: CanvasRenderingContext2D,
  [x, y]: [number, number],
  colour: (name: string) => string,
): void {
  for (const [width, name] of [
    [5, 'paper'],
    [2, 'query'],
  ] as const) {
    context.lineWidth = width;
    context.strokeStyle = colour(name);
    context.beginPath();
    context.moveTo(x - 8, y - 8);
    context.lineTo(x + 8, y + 8);
    context.moveTo(x + 8, y - 8);
    context.lineTo(x - 8, y + 8);
    context.stroke();
  }
}

function circle(context: CanvasRenderingContext2D, x: number, y: number, radius: number): void {
  context.beginPath();
  context.arc(x, y, radius, 0, 2 * Math.PI);
}

function least(values: readonly number[]): number {
  return values.reduce((a, b) => Math.min(a, b), values.length === 0 ? 0 : Infinity);
}

function most(values: readonly number[]): number {
  return values.reduce((a, b) => Math.max(a, b), values.length === 0 ? 0 : -Infinity);
}
