// How long commits of one posting take, one by one: the longest ones are what a program feels.
import { PerformanceObserver, performance } from 'node:perf_hooks';
import { CowShardexIndex, type IndexDraft, type ShardexIndex, createIndex } from '../dist/index.js';
import { count, time } from '../demo/units.js';
import { type Source, normals, sourceOf } from './data-sets/made.js';
import { rowOf } from './data-sets/matrix.js';
import type { Options } from './options.js';
import type { Measurement, Table } from './result.js';
import { printed } from './tables.js';

const DIMENSIONS = [24, 100, 384, 768];
/** Up to how many an index grows one by one, and then at once, in thousands of components. */
const GROWN = 20_000;
const COMPONENTS = 30_000_000;
const COMMITS = 2000;
const BANDS = [0, 1000, 10_000, 100_000];

export const COMMIT_TIMES = `The times of single commits: of vectors near 24 dimensions in 200 clusters, an index grows one by one to ${count(GROWN)} postings; another one is built at once, of ${count(COMPONENTS / 1e6)} million components, and then ${count(COMMITS)} postings each are added, replaced and removed one by one, and added to 300 documents. Processor time is that of the thread where the platform tells it apart, else that of the process or the time of the clock, whichever is less.`;

interface Taken {
  readonly at: number;
  readonly wall: number;
  readonly processor: number;
  readonly postings: number;
  /** What it did, as far as versions tell. */
  readonly did: string;
}

/** Milliseconds of the processor that this thread has had, or where that is not known, the process. */
function processorTime(): number {
  const usage =
    (process as { threadCpuUsage?: () => NodeJS.CpuUsage }).threadCpuUsage?.() ?? process.cpuUsage();
  return (usage.user + usage.system) / 1000;
}

/** Tables of commit times by size, one for all kinds and dimensions. */
export async function commitTimes({
  quick,
}: Options): Promise<{ table: Table; measurements: Measurement[] }> {
  const collections: { from: number; ms: number }[] = [];
  const observer = new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) collections.push({ from: entry.startTime, ms: entry.duration });
  });
  observer.observe({ entryTypes: ['gc'] });
  const rows: string[][] = [];
  const measurements: Measurement[] = [];
  const report = (name: string, taken: readonly Taken[]): void => {
    BANDS.forEach((from, b) => {
      const to = BANDS[b + 1] ?? Infinity;
      const band = taken.filter(({ postings }) => postings >= from && postings < to);
      if (band.length === 0) return;
      const by = (of: 'wall' | 'processor', share: number): number => {
        const times = band.map((one) => one[of]).sort((a, z) => a - z);
        return times[Math.min(times.length - 1, Math.floor(share * times.length))];
      };
      const longest = band.reduce((a, z) => (z.processor > a.processor ? z : a));
      const collected = collections
        .filter((gc) => gc.from >= longest.at && gc.from <= longest.at + longest.wall)
        .reduce((sum, { ms }) => sum + ms, 0);
      rows.push([
        `${name}, from ${count(from)}`,
        count(band.length),
        ...[0.5, 0.99, 0.999, 1].map(
          (share) => `${time(by('processor', share))} (${time(by('wall', share))})`,
        ),
        longest.did + (collected > 0 ? `, collected garbage for ${time(collected)}` : ''),
      ]);
      for (const [what, share] of [
        ['p99.9', 0.999],
        ['longest', 1],
      ] as const)
        measurements.push({
          what: `${name}, from ${from}: ${what}`,
          value: by('processor', share) / 1000,
          unit: 's',
        });
    });
  };
  for (const dimensions of quick ? DIMENSIONS.slice(1, 3) : DIMENSIONS) {
    const vector = vectorsOf(dimensions, sourceOf(0.6));
    const grown = new CowShardexIndex(createIndex({ dimensions }));
    report(
      `${dimensions} dimensions, growing`,
      await each(grown, quick ? GROWN / 4 : GROWN, (i) => adding(`document ${i}`, 0, vector())),
    );
    const size = Math.floor((quick ? COMPONENTS / 10 : COMPONENTS) / dimensions);
    const all = Array.from({ length: size }, (_, i) => ({ documentId: `document ${i}`, vector: vector() }));
    const cell = new CowShardexIndex(createIndex({ dimensions }, all));
    const ways: Record<string, (i: number) => (draft: IndexDraft) => void> = {
      adding: (i) => adding(`more ${i}`, 0, vector()),
      replacing: (i) => adding(`document ${(i * 7919) % size}`, 0, vector()),
      removing: (i) => (draft) => draft.removeDocument(`document ${(i * 7919) % size}`),
      'adding to 300 documents': (i) => adding(`long ${i % 300}`, i, vector()),
    };
    for (const [name, way] of Object.entries(ways))
      report(`${dimensions} dimensions, ${name}`, await each(cell, COMMITS, way));
  }
  observer.disconnect();
  const table = printed({
    caption:
      'Processor time of commits of one posting, and in brackets the time of the clock; by dimensions and postings.',
    head: ['', 'commits', 'median', 'p99', 'p99.9', 'longest', 'what the longest did'],
    rows,
  });
  return { table, measurements };
}

function adding(documentId: string, start: number, vector: Float32Array): (draft: IndexDraft) => void {
  return (draft) => {
    draft.addPosting({ documentId, start, vector });
  };
}

/** Times commits one after the other, with a turn of the event loop between some of them. */
async function each(
  cell: CowShardexIndex,
  commits: number,
  way: (i: number) => (draft: IndexDraft) => void,
): Promise<Taken[]> {
  const taken: Taken[] = [];
  for (let i = 0; i < commits; i++) {
    const recipe = way(i);
    const before = cell.read();
    const from = processorTime();
    const at = performance.now();
    cell.update(recipe);
    const wall = performance.now() - at;
    const processor = Math.min(wall, processorTime() - from);
    const after = cell.read();
    const split =
      after.shardCount === before.shardCount
        ? ''
        : `, made ${count(after.shardCount - before.shardCount)} shards more`;
    const did = `looked for ${count(looksOf(after) - looksOf(before))}${split}`;
    taken.push({ at, wall, processor, postings: after.postingCount, did });
    if (i % 100 === 99) await new Promise((resolve) => setImmediate(resolve));
  }
  return taken;
}

/** How many postings its calibration has looked for by now. */
function looksOf(index: ShardexIndex): number {
  return (index as { readonly calibration?: { readonly taken: number } }).calibration?.taken ?? 0;
}

/** Vectors near a plane of few dimensions, in clusters of very different sizes. */
function vectorsOf(dimensions: number, source: Source): () => Float32Array {
  const latent = Math.min(24, dimensions);
  const clusters = 200;
  const centres = normals(clusters, latent, source);
  const directions = normals(latent, dimensions, source);
  return () => {
    const centre = rowOf(centres, Math.floor(clusters * source.random() ** 2));
    const vector = new Float32Array(dimensions);
    for (let d = 0; d < latent; d++) {
      const much = centre[d] + 0.6 * source.normal();
      const direction = rowOf(directions, d);
      for (let i = 0; i < dimensions; i++) vector[i] += much * direction[i];
    }
    return vector;
  };
}
