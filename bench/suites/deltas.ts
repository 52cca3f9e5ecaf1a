// Suite: diffs, encoded deltas, and replicas that apply them.
import { randomLcg } from 'd3-random';
import {
  CowShardexIndex,
  type Delta,
  type Posting,
  type Recipe,
  type VectorInput,
  applyDelta,
  createIndex,
  decodeDelta,
  diff,
  encodeDelta,
  update,
  updateWithDelta,
} from '../../dist/index.js';
import { time } from '../../demo/units.js';
import type { Options } from '../options.js';
import type { Measurement, SuiteResult } from '../result.js';
import { cell, ratio, timed } from '../stopwatch.js';
import { printed } from '../tables.js';
import { type RealVectors, indexOf, realVectors } from '../words-index.js';

const SIZES = [1, 10, 100, 1000, 10_000];

/** What it costs to tell two versions apart, to send the difference, and to follow it. */
export async function deltas(options: Options): Promise<SuiteResult> {
  const vectors = await realVectors(options);
  const index = indexOf(vectors);
  const differing = SIZES.filter((size) => 3 * size <= vectors.postings.length);
  const rows: string[][] = [];
  const measurements: Measurement[] = [];
  for (const size of differing) {
    const change = changed(vectors, size);
    const next = update(index, change);
    const delta = diff(index, next);
    const bytes = encodeDelta(delta);
    const making = await timed(() => update(index, change), 1);
    const found = await timed(() => diff(index, next), 1);
    const read = await timed(() => allRead(diff(index, next)), 1);
    const applied = await timed(() => applyDelta(index, delta), 1);
    const sent = await timed(() => applyDelta(index, decodeDelta(bytes)), 1);
    rows.push([
      String(size),
      cell(making),
      cell(found),
      cell(read),
      cell(applied),
      cell(sent),
      ratio(making, applied),
      ratio(making, sent),
      `${bytes.length - delta.updated.length * 4 * vectors.dimensions} B`,
    ]);
    const what = `postings replaced: ${size}`;
    for (const [name, { seconds, rme, samples }] of Object.entries({ making, found, read, applied, sent }))
      measurements.push({ what: `${what}, ${name}`, value: seconds, unit: 's', rme, samples });
  }
  const most = differing.at(-1) ?? 1;
  const next = update(index, changed(vectors, most));
  const plain = [plainVersion(vectors), plainVersion(vectors, replacements(vectors, most))] as const;
  const everything = best(() => allCompared(...plain));
  const seen = best(() => diff(index, next), 50);
  const seenAndRead = best(() => allRead(diff(index, next)), 20);
  const forking = new CowShardexIndex(index);
  const fork = await timed(() => forking.fork(), 1);
  const { delta: whole } = updateWithDelta(createIndex({ dimensions: vectors.dimensions }), (draft) => {
    draft.addPostings(vectors.postings);
  });
  const bytes = encodeDelta(whole);
  const megabytes = (vectors.postings.length * 4 * vectors.dimensions) / 1e6;
  const encoding = best(() => encodeDelta(whole));
  const decoding = best(() => decodeDelta(bytes));
  measurements.push(
    { what: `comparing all postings, ${most} differ`, value: everything, unit: 's' },
    { what: `diff, ${most} differ, best`, value: seen, unit: 's' },
    { what: `diff, ${most} differ, all keys read, best`, value: seenAndRead, unit: 's' },
    { what: 'fork', value: fork.seconds, unit: 's', rme: fork.rme, samples: fork.samples },
    { what: 'encode', value: megabytes / encoding, unit: 'MB/s' },
    { what: 'decode', value: megabytes / decoding, unit: 'MB/s' },
  );
  const tables = [
    {
      caption: 'Postings of the words replaced by others, in one commit',
      head: [
        'postings',
        'making it',
        'diff',
        'diff, all keys read',
        'apply, same process',
        'decode and apply',
        'making / apply',
        'making / decode and apply',
        'bytes beside the vectors',
      ],
      rows,
    },
    {
      caption: 'Beside it',
      head: ['what', 'measured'],
      rows: [
        [`comparing all postings of two plain Maps, ${most} of which differ`, time(everything * 1000)],
        ['that against diff, shards and rows alone', `${(everything / seen).toFixed(0)} times`],
        ['that against diff, all keys and documents read', `${(everything / seenAndRead).toFixed(0)} times`],
        ['fork', cell(fork)],
        ['encode the whole index', `${(megabytes / encoding).toFixed(0)} MB of vectors a second`],
        ['decode it', `${(megabytes / decoding).toFixed(0)} MB of vectors a second`],
      ],
    },
  ];
  return {
    title: 'Time to find, send and follow a difference',
    method:
      'On the words: some postings, drawn anew, are given the vector of another word each, so that most of them move to another shard. Times are means of benchmark.js, with these exceptions: comparing all postings of two plain Maps from id to vector, encoding and decoding are the best of five; what they are compared with is the best of 50 and of 20. A diff finds the shards and rows that differ at once, which is all that following it takes. It finds which keys and documents those are when they are read.',
    charts: [],
    tables: tables.map(printed),
    measurements,
  };
}

/** Some postings with the vectors of others. */
function replacements({ postings: all }: RealVectors, size: number): Posting[] {
  const random = randomLcg(size / 20_000);
  const any = (): Posting => all[Math.floor(random() * all.length)];
  return Array.from({ length: size }, () => ({ documentId: any().documentId, vector: any().vector }));
}

function changed(vectors: RealVectors, size: number): Recipe {
  const replaced = replacements(vectors, size);
  return (draft) => {
    draft.addPostings(replaced);
  };
}

type PlainVersion = ReadonlyMap<string, VectorInput>;

/** All postings of a version by id, in a plain map, with copies of their vectors. */
function plainVersion({ postings: all }: RealVectors, replaced: readonly Posting[] = []): PlainVersion {
  return new Map(
    [...all, ...replaced].map(({ documentId, vector }) => [documentId, Float32Array.from(vector)]),
  );
}

/** What one does without structure to share: looks at every posting of both. */
function allCompared(a: PlainVersion, b: PlainVersion): string[] {
  const differing: string[] = [];
  for (const [id, vector] of b) {
    const old = a.get(id);
    if (old === undefined || !sameNumbers(old, vector)) differing.push(id);
  }
  for (const id of a.keys()) if (!b.has(id)) differing.push(id);
  return differing;
}

function sameNumbers(a: VectorInput, b: VectorInput): boolean {
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

/** Reads whatever a delta puts off. */
function allRead({ added, removed, updated, documents }: Delta): unknown {
  return [added, removed, updated, documents];
}

/** The shortest of some runs, in seconds. */
function best(run: () => unknown, runs = 5): number {
  let least = Infinity;
  for (let i = 0; i < runs; i++) {
    const startedAt = performance.now();
    run();
    least = Math.min(least, performance.now() - startedAt);
  }
  return least / 1000;
}
