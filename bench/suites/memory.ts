// Suite: the memory that held versions take.
import { setImmediate as turn } from 'node:timers/promises';
import { randomLcg } from 'd3-random';
import {
  CowShardexIndex,
  type IndexDraft,
  type RowBlock,
  type ShardexIndex,
  documentIds,
  postings,
} from '../../dist/index.js';
import { collectGarbage } from '../../demo/memory.js';
import { bytes, count } from '../../demo/units.js';
import type { Options } from '../options.js';
import type { Measurement, SuiteResult, Table } from '../result.js';
import { sizedIndex } from '../synthetic.js';
import { printed } from '../tables.js';
import { indexOf, realVectors } from '../words-index.js';

const METHOD =
  'Versions are published one after another, each with one posting changed, and all of them are held. Heap and row memory are what each version adds, after a collection. Row memory is where vectors lie, and includes what a new posting needs there. One-shot measurements.';

/** In how many versions it is looked at what they share with the one before. */
const SHARING = 200;

/** A change of one posting; `v` counts the versions. */
type Change = (draft: IndexDraft, v: number) => void;

/** What it costs to hold on to every version. */
export async function heldVersions(options: Options): Promise<SuiteResult> {
  const versions = options.quick ? 1000 : 10_000;
  const tables: Table[] = [];
  const measurements: Measurement[] = [];
  // Ten times the postings of the other synthetic indexes, so that there are enough to remove one for each version.
  for (const [name, index] of [
    ['synthetic vectors of 8 dimensions', sizedIndex(1000, 64)],
    ['word vectors', indexOf(await realVectors(options))],
  ] as const) {
    const rows: string[][] = [];
    for (const [what, change] of changes(index)) {
      const found = await hold(index, change, versions);
      rows.push([what, bytes(found.heap), bytes(found.rows), `${(100 * found.shared).toFixed(3)} %`]);
      const shards = index.shardCount;
      measurements.push({
        what: `${name}, ${what}: heap of a version`,
        shards,
        value: found.heap,
        unit: 'bytes',
      });
      measurements.push({
        what: `${name}, ${what}: row memory of a version`,
        shards,
        value: found.rows,
        unit: 'bytes',
      });
      measurements.push({
        what: `${name}, ${what}: row memory shared`,
        shards,
        value: found.shared,
        unit: 'share',
      });
    }
    tables.push(
      printed({
        caption: `${count(versions)} versions held of ${count(index.shardCount)} shards with ${count(index.postingCount)} postings (${name}). As many copies of the row memory alone would take ${bytes(versions * index.byteLength)}.`,
        head: ['each version', 'heap', 'row memory', 'row memory shared with the version before'],
        rows,
      }),
    );
  }
  return { title: 'Memory of a version', method: METHOD, charts: [], tables, measurements };
}

function changes(index: ShardexIndex): [string, Change][] {
  const ids = [...documentIds(index)];
  const random = randomLcg(5);
  // Near to what is there, as new vectors mostly are.
  const near = (documentId: string): Float32Array => {
    const [{ vector }] = postings(index, documentId);
    return vector.map((component) => component + (random() - 0.5) / 5);
  };
  return [
    [
      'adds a posting',
      (draft, v) => {
        draft.addPosting({ documentId: `more ${v}`, vector: near(ids[v]) });
      },
    ],
    [
      'replaces a posting',
      (draft, v) => {
        draft.addPosting({ documentId: ids[v], vector: near(ids[v]) });
      },
    ],
    [
      'removes a posting',
      (draft, v) => {
        draft.removeDocument(ids[v]);
      },
    ],
  ];
}

async function hold(
  index: ShardexIndex,
  change: Change,
  versions: number,
): Promise<{ heap: number; rows: number; shared: number }> {
  // A first round that is not measured compiles the code that the second one runs.
  await publish(index, change, Math.ceil(versions / 10));
  const before = await used();
  const held = await publish(index, change, versions);
  const after = await used();
  return {
    heap: (after.heap - before.heap) / versions,
    rows: (after.rows - before.rows) / versions,
    shared: meanOfShared(held.slice(-SHARING)),
  };
}

async function publish(index: ShardexIndex, change: Change, versions: number): Promise<ShardexIndex[]> {
  const cell = new CowShardexIndex(index);
  const held: ShardexIndex[] = [];
  for (let v = 0; v < versions; v++) {
    held.push(
      cell.update((draft) => {
        change(draft, v);
      }).index,
    );
    if (v % 100 === 0) await turn();
  }
  return held;
}

function meanOfShared(versions: readonly ShardexIndex[]): number {
  const shares = versions.slice(1).map((later, v) => sharedBytes(versions[v], later));
  return shares.reduce((sum, share) => sum + share, 0) / shares.length;
}

/** The share of a version's row memory that an earlier version holds, too. */
function sharedBytes(earlier: ShardexIndex, later: ShardexIndex): number {
  const blocks = new Set(blocksOf(earlier));
  let shared = 0;
  for (const block of blocksOf(later)) if (blocks.has(block)) shared += block.byteLength;
  return shared / later.byteLength;
}

function blocksOf(index: ShardexIndex): RowBlock[] {
  return [...index.shards.values()].flatMap(({ rows }) => rows.segments.map(({ block }) => block));
}

/** Several collections, with turns in between, because shared buffers are freed lazily. */
async function used(): Promise<{ heap: number; rows: number }> {
  for (let round = 0; round < 3; round++) {
    collectGarbage();
    await turn();
  }
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return { heap: heapUsed, rows: arrayBuffers };
}
