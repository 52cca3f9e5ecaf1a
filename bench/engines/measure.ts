// Measures one engine on one data set: build, recall, speed, additions, memory.
import { readFileSync } from 'node:fs';
import { setImmediate as turn } from 'node:timers/promises';
import { mean, median } from 'd3-array';
import { collectGarbage } from '../../demo/memory.js';
import { type Matrix, rowOf, rowsBetween, rowsIn } from '../data-sets/matrix.js';
import { nearest } from '../data-sets/nearest.js';
import { type Known, readKnown, readPart } from '../data-sets/stored.js';
import { type Built, EXACT, type Engine, type Found, type Searcher, type Setting, rowsOf } from './engine.js';
import type { Adding, Batch, Exact, Measured, Point, Spread } from './measured.js';

export const K = 10;

/** A setting whose recall is beyond this ends its sweep: the highest that is asked about is 0.99. */
const ENOUGH = 0.992;
/** Queries before those that are timed. */
const WARM_UP = 100;
/** The recall that a setting for the other measurements is chosen by. */
const USUAL = 0.95;
/** Queries of a comparison with all vectors. */
const EXACT_QUERIES = 100;

/** How long some things are measured, in ms. */
export interface Patience {
  readonly leastMs: number;
}

/** Measures an engine with the data set in a folder. */
export async function measure(engine: Engine, folder: string, patience: Patience): Promise<Measured> {
  const known = readKnown(folder);
  const queries = rowsIn(readPart(folder, 'queries', known.dimensions));
  const more = readPart(folder, 'more', known.dimensions);
  const before = await resident();
  const { built, buildMs, rows, truth } = await build(engine, folder, known, queries, more.rows);
  const builtMemory = await resident();
  const task: Task = { built, queries, truth, patience };
  const points = await sweep(task);
  const usual = settingFor(points);
  const exact = built.exact ? await exactly(task, rows) : undefined;
  const batch = usual === undefined ? undefined : batchOf(task, usual);
  const searched = await resident();
  const adding = usual === undefined ? undefined : await add(task, usual, more, rows);
  return {
    parameters: engine.parameters,
    rows,
    buildMs,
    memory: { before, built: builtMemory, searched },
    points,
    ...(exact && { exact }),
    ...(batch && { batch }),
    ...(adding && { adding }),
  };
}

interface Task {
  readonly built: Built;
  readonly queries: readonly Float32Array[];
  readonly truth: Known['truth'];
  readonly patience: Patience;
}

/** Nothing that it read is used any more when it is done, unless by the engine. */
async function build(
  engine: Engine,
  folder: string,
  { dimensions, nearness, truth }: Known,
  queries: readonly Float32Array[],
  room: number,
): Promise<{ built: Built; buildMs: number; rows: number; truth: Known['truth'] }> {
  const all = readPart(folder, 'vectors', dimensions);
  const rows = Math.min(all.rows, engine.most ?? Infinity);
  const vectors = rowsBetween(all, 0, rows);
  const startedAt = performance.now();
  const built = await engine.build(vectors, nearness, room);
  const buildMs = performance.now() - startedAt;
  if (rows === all.rows) return { built, buildMs, rows, truth };
  const some = readPart(folder, 'queries', dimensions);
  return { built, buildMs, rows, truth: nearest(vectors, rowsBetween(some, 0, queries.length), nearness, K) };
}

/** Resident memory of the process, when what is garbage was given back. */
async function resident(): Promise<number> {
  for (let round = 0; round < 5; round++) {
    collectGarbage();
    await turn();
  }
  // What the kernel knows, in pages of 4 KiB where it says so.
  return process.platform === 'linux'
    ? 1024 * Number(/VmRSS:\s*(\d+)/.exec(readFileSync('/proc/self/status', 'utf8'))?.[1])
    : process.memoryUsage().rss;
}

async function sweep(task: Task): Promise<Point[]> {
  const points: Point[] = [];
  for (const { knob, values, inFull } of task.built.sweeps) {
    // For the compiler, and for what an engine makes when it is first needed: the last setting needs most.
    const widest = task.built.searcher(task.queries, K, { knob, value: values[values.length - 1] });
    await founds(widest, Math.min(WARM_UP, task.queries.length));
    for (const value of values) {
      const searcher = task.built.searcher(task.queries, K, { knob, value });
      const { found, msEach } = await rounds(searcher, task);
      const recall = recallOf(found, task.truth);
      points.push({ knob, value, recall, perSecond: 1000 / msEach });
      if (recall > ENOUGH && typeof value === 'number' && inFull !== true) break;
    }
  }
  return points;
}

/** What all queries find, and how long one of them takes in the fastest of some rounds. */
async function rounds(
  searcher: Searcher,
  { queries, patience }: Task,
): Promise<{ found: Found[]; msEach: number }> {
  let found: Found[] = [];
  let msEach = Infinity;
  for (let total = 0; total < patience.leastMs;) {
    const startedAt = performance.now();
    found = await founds(searcher, queries.length);
    const ms = performance.now() - startedAt;
    total += ms;
    msEach = Math.min(msEach, ms / queries.length);
  }
  return { found, msEach };
}

async function founds(searcher: Searcher, queries: number): Promise<Found[]> {
  const all: Found[] = [];
  for (let query = 0; query < queries; query++) {
    const found = searcher.one(query);
    all.push(found instanceof Promise ? await found : found);
  }
  return all;
}

function recallOf(found: readonly Found[], truth: Known['truth']): number {
  const right = found.reduce((sum, some, q) => {
    const rows = new Set(rowsOf(some));
    return sum + truth[q].filter((row) => rows.has(row)).length;
  }, 0);
  return right / truth.slice(0, found.length).reduce((sum, rows) => sum + rows.length, 0);
}

/** The fastest setting that finds enough, or else the one that finds most. */
function settingFor(points: readonly Point[]): Point | undefined {
  const enough = points.filter(({ recall }) => recall >= USUAL);
  return enough.length > 0
    ? enough.reduce((a, b) => (b.perSecond > a.perSecond ? b : a))
    : [...points].sort((a, b) => b.recall - a.recall).at(0);
}

async function exactly(task: Task, rows: number): Promise<Exact> {
  const searcher = task.built.searcher(task.queries, K, EXACT);
  const count = Math.min(EXACT_QUERIES, task.queries.length);
  await founds(searcher, 10);
  const startedAt = performance.now();
  const found = await founds(searcher, count);
  const one = ((performance.now() - startedAt) * 1e6) / count / rows;
  const recall = recallOf(found, task.truth);
  if (searcher.batch === undefined) return { one, recall };
  searcher.batch(10);
  const batchAt = performance.now();
  searcher.batch(count);
  return { one, recall, batch: ((performance.now() - batchAt) * 1e6) / count / rows };
}

function batchOf({ built, queries, truth }: Task, usual: Point): Batch | undefined {
  const searcher = built.searcher(queries, K, usual);
  if (searcher.batch === undefined) return undefined;
  const found = searcher.batch(queries.length);
  const startedAt = performance.now();
  searcher.batch(queries.length);
  const ms = performance.now() - startedAt;
  return {
    setting: nameOf(usual),
    recall: recallOf(found, truth),
    one: usual.perSecond,
    perSecond: (1000 * queries.length) / ms,
  };
}

/** Half of the new vectors are added and looked for; with the others, each search for something else follows one. */
async function add(
  { built, queries }: Task,
  usual: Setting,
  more: Matrix,
  rows: number,
): Promise<Adding | undefined> {
  if (built.add === undefined) return undefined;
  const half = more.rows >> 1;
  const added = rowsIn(rowsBetween(more, 0, half));
  const lookFor = built.searcher(added, K, usual);
  const times: number[] = [];
  let seen = 0;
  for (let i = 0; i < half; i++) {
    const startedAt = performance.now();
    built.add(rows + i, added[i]);
    times.push(performance.now() - startedAt);
    if (rowsOf(await lookFor.one(i)).includes(rows + i)) seen++;
  }
  const searcher = built.searcher(queries, K, usual);
  const searches = async (before: (i: number) => void): Promise<number[]> => {
    const ms: number[] = [];
    for (let i = 0; i < half; i++) {
      before(i);
      const startedAt = performance.now();
      await searcher.one(i % queries.length);
      ms.push(performance.now() - startedAt);
    }
    return ms;
  };
  const nothing = (): void => undefined;
  await searches(nothing);
  const still = await searches(nothing);
  const afterEach = await searches((i) => {
    built.add?.(rows + half + i, rowOf(more, half + i));
  });
  return {
    setting: nameOf(usual),
    ...spread(times),
    found: seen / half,
    still: spread(still),
    afterEach: spread(afterEach),
  };
}

function spread(times: readonly number[]): Spread {
  return { mean: mean(times) ?? 0, median: median(times) ?? 0 };
}

function nameOf({ knob, value }: Setting): string {
  return `${knob} ${value}`;
}
