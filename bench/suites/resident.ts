// Suite: the resident memory of a process with an index.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { json } from 'node:stream/consumers';
import type { Posting } from '../../dist/index.js';
import { bytes, count } from '../../demo/units.js';
import { clusteredPostings } from '../clustered.js';
import type { Options } from '../options.js';
import type { Measurement, SuiteResult, Table } from '../result.js';
import { printed } from '../tables.js';
import { realVectors } from '../words-index.js';

const METHOD =
  'A process of its own, run by plain Node, builds an index from postings that it gets through a pipe, one by one. After all garbage is collected, its resident set is compared with what the vectors alone take: 4 bytes a component. Resident memory that nothing accounts for is what Node and the allocator took while the index was built, and kept. One-shot measurements; runs differ by some megabytes.';

interface Source {
  readonly name: string;
  readonly dimensions: number;
  readonly postings: () => Iterable<Pick<Posting, 'documentId' | 'vector'>>;
}

/** What resident-process.mjs prints. */
interface Found {
  readonly postingCount: number;
  readonly shardCount: number;
  readonly byteLength: number;
  readonly deadRowCount: number;
  readonly ids: number;
  readonly documents: number;
  readonly node: NodeJS.MemoryUsage;
  readonly built: NodeJS.MemoryUsage;
  readonly before: NodeJS.MemoryUsage;
  readonly searched: NodeJS.MemoryUsage;
}

/** What a process holds in memory that holds an index. */
export async function resident(options: Options): Promise<SuiteResult> {
  const tables: Table[] = [];
  const measurements: Measurement[] = [];
  const size = options.quick ? 5000 : 100_000;
  const synthetic: Source = {
    name: 'synthetic vectors',
    dimensions: 768,
    postings: () => clusteredPostings(size, 768),
  };
  for (const source of [await words(options), synthetic]) {
    const found = await inOwnProcess(source);
    const raw = 4 * source.dimensions * found.postingCount;
    tables.push(printed(tableOf(source, found, raw)));
    const [node, index] = [found.node.rss, found.built.rss];
    const shards = found.shardCount;
    const add = (what: string, value: number, unit: string) =>
      measurements.push({ what: `${source.name}: ${what}`, shards, value, unit });
    add('resident before there is an index', node, 'bytes');
    add('resident with the index', index, 'bytes');
    add('resident after searches', found.searched.rss, 'bytes');
    add('resident with the index, by raw vectors', index / raw, 'times');
  }
  return { title: 'Resident memory', method: METHOD, charts: [], tables, measurements };
}

function tableOf({ name, dimensions }: Source, found: Found, raw: number): Table {
  const {
    postingCount,
    shardCount,
    byteLength,
    deadRowCount,
    ids,
    documents,
    node,
    built,
    before,
    searched,
  } = found;
  const rowBytes = byteLength - raw;
  const heap = built.heapUsed - node.heapUsed;
  const outside = built.arrayBuffers - node.arrayBuffers - byteLength;
  const known = node.rss + byteLength + heap + outside;
  const row = (what: string, value: number): string[] => [
    what,
    bytes(value),
    String(Math.round(value / postingCount)),
    (value / raw).toFixed(3),
  ];
  return {
    caption: `${count(postingCount)} ${name} of ${dimensions} dimensions in ${count(shardCount)} shards, one document each${deadRowCount === 0 ? '' : ` (and ${count(deadRowCount)} dead rows)`}.`,
    head: ['', 'memory', 'bytes a posting', 'times raw'],
    rows: [
      row('vectors (raw)', raw),
      row('other columns of the rows, and room for more', rowBytes),
      row('ids of the rows', ids),
      row('map of documents', documents),
      row('shards, compiled code', heap - ids - documents),
      row('centroids', outside),
      row('Node itself, with the library', node.rss),
      row('taken while building and kept', built.rss - known),
      row('**the process**', built.rss),
      row(`codes and caches after searches`, searched.rss - before.rss),
    ],
  };
}

/** Builds the index elsewhere, and has that process say what it holds. */
async function inOwnProcess({ dimensions, postings }: Source): Promise<Found> {
  const path = fileURLToPath(new URL('../resident-process.mjs', import.meta.url));
  const child = spawn(process.execPath, ['--expose-gc', path, String(dimensions)], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const found = json(child.stdout) as Promise<Found>;
  for (const { documentId, vector } of postings()) {
    const id = Buffer.from(documentId);
    const length = Buffer.alloc(2);
    length.writeUInt16LE(id.length);
    const components = Buffer.from(Float32Array.from(vector).buffer);
    if (!child.stdin.write(Buffer.concat([length, id, components]))) await once(child.stdin, 'drain');
  }
  child.stdin.end();
  return found;
}

async function words(options: Options): Promise<Source> {
  const { dimensions, postings } = await realVectors(options);
  return { name: 'word vectors', dimensions, postings: () => postings };
}
