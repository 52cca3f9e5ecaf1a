// Suite: replicas and pools beside a busy writer.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { platform, setPriority } from 'node:os';
import { setImmediate as turn } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { MessageChannel, Worker } from 'node:worker_threads';
import { quantile } from 'd3-array';
import { randomLcg } from 'd3-random';
import {
  CowShardexIndex,
  type ReadableCell,
  SearchPool,
  type ShardexIndex,
  createIndex,
  search,
  serveReplicas,
} from '../../dist/index.js';
import { bytes, count, rounded, time } from '../../demo/units.js';
import { clusteredPostings } from '../clustered.js';
import type { Options } from '../options.js';
import type { Measurement, SuiteResult } from '../result.js';
import { printed } from '../tables.js';
import type { Task } from '../threads/reader.js';
import { type Latency, Requests, summary } from '../threads/requests.js';
import { type RealVectors, indexOf, realVectors } from '../words-index.js';

/** Changes in a commit of the writer that never pauses. */
const CHANGES = 10;
/** Room for what each reader's thread has just made: with more of it a replica's versions are collected more seldom. */
const YOUNG_MB = 96;
/** What `nice` calls a priority that leaves a core to whoever else wants it. */
const LOW = 10;
/** Vectors in the graph that is measured beside it: building one of all words takes six minutes. */
const GRAPH = 50_000;
/** Vectors of 768 dimensions in the index of which the memory of a replica is measured. */
const LONG = 50_000;

const METHOD = `Searches for the nearest 10 of held-out words at recall 0.95.

- **Paced.** A request falls due every 2 ms, and counts from then until it is answered, so that waiting counts.
- **Serial.** Each search is asked for as soon as the one before is answered. The search itself counts from its call, after versions that have come were taken in.
- **The writer.** It makes commit after commit, of 7 replaced, 2 added and 1 removed posting each. The event loop goes round after each.
- **Burning** takes its place, in two ways: arithmetic, which needs neither memory nor a collector, and the same commits to another index that nobody follows.
- **Before that** come untimed commits and searches for as long.
- **Low priority.** With \`os.setPriority(10)\` in the thread of the owner.
- **Readers.** Their threads sleep for 0.2 ms at a time while nothing is due soon, and have a young generation of 96 MB at most.
- **Visible.** From the return of the commit to the call of a listener in the other thread, by the clock that both share.
- **Memory.** What the thread of a replica holds after collections, besides what it held before and what it shares with the owner.`;

/** What threads give: readers beside a writer, several searches at once, and at which price. */
export async function threads(options: Options): Promise<SuiteResult> {
  const vectors = await realVectors(options);
  const index = indexOf(vectors);
  const ms = options.quick ? 500 : 8000;
  // Longer than the others: what the slowest wait for comes every few seconds.
  const latencies = await readersBesideWriter(vectors, index, 3 * ms, options.quick);
  const visible = await timeToVisible(vectors, index, ms);
  const parallel = await manyAtOnce(vectors, index, ms, options);
  const memory = await memoryOfReplicas(vectors, index, options.quick);
  return {
    title: 'Threads',
    method: METHOD,
    charts: [],
    tables: [...latencies.tables, visible.table, parallel.table, ...memory.tables],
    measurements: [latencies, visible, parallel, memory].flatMap(({ measurements }) => measurements),
  };
}

type Part = Pick<SuiteResult, 'measurements'> & { readonly table: SuiteResult['tables'][number] };

const BURNS = 'in a replica, while the owner burns its core on arithmetic';
const WRITES_ELSEWHERE = 'in a replica, while the owner writes to another index';
const WRITES = 'in a replica, while the owner writes';
const LOW_PRIORITY = 'the same, the owner at a low priority';

async function readersBesideWriter(
  vectors: RealVectors,
  index: ShardexIndex,
  ms: number,
  quick: boolean,
): Promise<Pick<SuiteResult, 'tables' | 'measurements'>> {
  const cell = new CowShardexIndex(index);
  const reader = await startReader(cell, vectors.queries.slice(0, 500));
  const beside = async (kind: Task['kind'], work: () => void): Promise<readonly number[]> => {
    const asked = reader.ask({ kind, ms });
    let done = false;
    void asked.then(() => (done = true));
    while (!(done as boolean)) {
      work();
      await turn();
    }
    return asked;
  };
  const write = writer(vectors, cell);
  const writeElsewhere = writer(vectors, new CowShardexIndex(index));
  await beside('paced', write);
  const inEachState = async (kind: Task['kind']): Promise<[string, readonly number[]][]> => {
    const states: [string, readonly number[]][] = [
      [BURNS, await beside(kind, burn)],
      [WRITES_ELSEWHERE, await beside(kind, writeElsewhere)],
      [WRITES, await beside(kind, write)],
    ];
    const low = await atLowPriority(() => beside(kind, write));
    return low === undefined ? states : [...states, [LOW_PRIORITY, low]];
  };
  const before = cell.version;
  const paced = await inEachState('paced');
  const commits = cell.version - before;
  const serial = await inEachState('serial');
  await reader.end();

  const rows = withRatios(paced.map(([what, latencies]) => [what, summary(latencies)]));
  // Each second number is of the search itself.
  const [between, itself] = [0, 1].map((odd) =>
    withRatios(serial.map(([what, both]) => [what, summary(both.filter((_, i) => i % 2 === odd))])),
  );

  const alone = new CowShardexIndex(index);
  const one = inOneThread(ms, writer(vectors, alone), (nth) =>
    search(alone.read(), vectors.queries[nth % 500], { k: 10, recall: 0.95 }),
  );
  rows.push({ what: 'in the thread that writes', latency: one, ratios: '' });
  const graph = await graphInOneThread(vectors, quick ? 2000 : GRAPH, ms);
  if (graph !== undefined)
    rows.push({
      what: `hnswlib-node of ${count(graph.size)} words, in the thread that writes`,
      latency: graph.latency,
      ratios: '',
    });
  const tableOf = (caption: string, states: readonly State[]): SuiteResult['tables'][number] =>
    printed({
      caption,
      head: ['', 'p50', 'p99', 'p50 / p99 against arithmetic, another index'],
      rows: states.map(({ what, latency, ratios }) => [what, time(latency.p50), time(latency.p99), ratios]),
    });
  const measurementsOf = (kind: string, states: readonly State[]): Measurement[] =>
    states.flatMap(({ what, latency }) => [
      { what: `${kind}${what}: p50`, value: latency.p50 / 1000, unit: 's' },
      { what: `${kind}${what}: p99`, value: latency.p99 / 1000, unit: 's' },
    ]);
  return {
    tables: [
      tableOf(
        `Latency of a paced search in ${count(index.postingCount)} words, beside ${count(commits)} commits of ${CHANGES} changes in all.`,
        rows,
      ),
      tableOf('The same of serial searches, from answer to answer.', between),
      tableOf('The same of serial searches, the search itself.', itself),
    ],
    measurements: [
      ...measurementsOf('', rows),
      ...measurementsOf('serial, ', between),
      ...measurementsOf('serial, the search itself, ', itself),
    ],
  };
}

/** What was measured while the owner does something, and how many times as long as while it does something else. */
interface State {
  readonly what: string;
  readonly latency: Latency;
  readonly ratios: string;
}

function withRatios(states: readonly (readonly [string, Latency])[]): State[] {
  const others = states.filter(([what]) => what === BURNS || what === WRITES_ELSEWHERE);
  return states.map(([what, latency]) => {
    const isOther = others.some(([other]) => other === what);
    const ratios = others.map(
      ([, { p50, p99 }]) => `${rounded(latency.p50 / p50)} / ${rounded(latency.p99 / p99)}`,
    );
    return { what, latency, ratios: isOther ? '' : `${ratios.join(', ')} times` };
  });
}

/**
 * Does something while other threads go ahead of this one. On Linux a priority is a thread's; elsewhere it is the whole
 * process's, and only root may raise it again: then `undefined`.
 */
async function atLowPriority<T>(work: () => Promise<T>): Promise<T | undefined> {
  if (platform() !== 'linux' || process.getuid?.() !== 0) return undefined;
  setPriority(LOW);
  try {
    return await work();
  } finally {
    setPriority(0);
  }
}

function inOneThread(ms: number, write: () => void, answer: (nth: number) => unknown): Latency {
  const measured = (): Latency => {
    const requests = new Requests(answer);
    const until = performance.now() + ms;
    while (performance.now() < until) {
      write();
      requests.serve();
    }
    return summary(requests.latencies);
  };
  // The first searches make what later ones find.
  measured();
  return measured();
}

async function graphInOneThread(
  { dimensions, postings, queries }: RealVectors,
  size: number,
  ms: number,
): Promise<{ readonly latency: Latency; readonly size: number } | undefined> {
  const hnswlib = await import('hnswlib-node').then((module) => module.default).catch(() => undefined);
  if (hnswlib === undefined) {
    console.log('hnswlib-node does not run here, and is left out.');
    return undefined;
  }
  const some = postings.slice(0, size);
  const graph = new hnswlib.HierarchicalNSW('cosine', dimensions);
  graph.initIndex(4 * size, 16, 200);
  some.forEach(({ vector }, at) => {
    graph.addPoint([...vector], at);
  });
  graph.setEf(60);
  const random = randomLcg(3);
  let next = size;
  const asked = queries.map((query) => [...query]);
  const write = (): void => {
    for (let i = 0; i < CHANGES - 1 && next < 4 * size; i++) {
      const { vector } = some[Math.floor(random() * size)];
      graph.addPoint([...vector], i < 7 ? Math.floor(random() * size) : next++);
    }
  };
  const latency = inOneThread(ms, write, (nth) => graph.searchKnn(asked[nth % asked.length], 10));
  return { latency, size };
}

async function timeToVisible(vectors: RealVectors, index: ShardexIndex, ms: number): Promise<Part> {
  const cell = new CowShardexIndex(index);
  const reader = await startReader(cell, []);
  const published = new Map<number, number>();
  const asked = reader.ask({ kind: 'watch', ms });
  const random = randomLcg(9);
  const startedAt = performance.now();
  // A thousand a second, one posting each: a search index does not live on less.
  while (performance.now() - startedAt < ms - 200) {
    if (performance.now() - startedAt > published.size) {
      const { documentId } = vectors.postings[Math.floor(random() * vectors.postings.length)];
      const { vector } = vectors.postings[Math.floor(random() * vectors.postings.length)];
      const { version } = cell.update((draft) => {
        draft.addPosting({ documentId, vector });
      });
      published.set(version, performance.timeOrigin + performance.now());
    }
    await turn();
  }
  const seen = await asked;
  await reader.end();
  const delays: number[] = [];
  for (let i = 0; i < seen.length; i += 2) delays.push(seen[i + 1] - (published.get(seen[i]) ?? Number.NaN));
  const [p50, p99] = [0.5, 0.99].map((p) => Math.max(0, quantile(delays, p) ?? Number.NaN));
  const rate = (published.size / (ms - 200)) * 1000;
  return {
    table: printed({
      caption: `From a commit to its version in a replica, at ${rounded(rate)} commits a second.`,
      head: ['', 'p50', 'p99', 'commits, versions seen'],
      rows: [['visible', time(p50), time(p99), `${count(published.size)}, ${count(seen.length / 2)}`]],
    }),
    measurements: [
      { what: 'visible: p50', value: p50 / 1000, unit: 's' },
      { what: 'visible: p99', value: p99 / 1000, unit: 's' },
      { what: 'visible: commits', value: rate, unit: '1/s' },
    ],
  };
}

async function manyAtOnce(
  vectors: RealVectors,
  index: ShardexIndex,
  ms: number,
  options: Options,
): Promise<Part> {
  const queries = vectors.queries.slice(0, 500);
  const perSecond = async (size: number): Promise<number> => {
    const pool = await SearchPool.open(new CowShardexIndex(index), { threads: size });
    const ask = (): Promise<unknown> => pool.searchMany(queries, { k: 10, recall: 0.95 });
    await Promise.all([ask(), ask(), ask(), ask()]);
    let done = 0;
    const startedAt = performance.now();
    const loop = async (): Promise<void> => {
      while (performance.now() - startedAt < ms) {
        await ask();
        done += queries.length;
      }
    };
    // Two at once, so that a thread that is done with one finds the next.
    await Promise.all([loop(), loop()]);
    const rate = (done / (performance.now() - startedAt)) * 1000;
    await pool.close();
    return rate;
  };
  const [one, two] = [await perSecond(1), await perSecond(2)];
  const solo = await processes(1, ms, options);
  const pair = await processes(2, ms, options);
  const rows: [string, number, number][] = [
    ['a pool of one thread', one, 1],
    ['a pool of two', two, two / one],
    ['a process with an index of its own, alone', solo, 1],
    ['two such at once, together', pair, pair / solo],
  ];
  return {
    table: printed({
      caption: 'Searches a second.',
      head: ['', 'a second', 'against one'],
      rows: rows.map(([what, rate, ratio]) => [what, rounded(rate), `${ratio.toFixed(2)} times`]),
    }),
    measurements: rows.map(([what, value]): Measurement => ({ what, value, unit: 'queries/s' })),
  };
}

/** What so many processes find a second, together. */
async function processes(size: number, ms: number, { words }: Options): Promise<number> {
  const children = Array.from({ length: size }, () =>
    fork(fileURLToPath(new URL('../threads/solo.ts', import.meta.url)), [String(words), String(ms)]),
  );
  await Promise.all(children.map((child) => once(child, 'message')));
  const rates = children.map((child) => once(child, 'message'));
  for (const child of children) child.send('go');
  return (await Promise.all(rates)).reduce((sum, [rate]) => sum + (rate as number), 0);
}

/** What a further replica takes, of words and of longer vectors. */
async function memoryOfReplicas(
  vectors: RealVectors,
  index: ShardexIndex,
  quick: boolean,
): Promise<Pick<SuiteResult, 'tables' | 'measurements'>> {
  const words = await memoryOfReplica('words', index, vectors.queries.slice(0, 300));
  const postings = [...clusteredPostings(quick ? 2000 : LONG, 768)];
  const queries = postings.slice(0, 300).map(({ vector }) => vector);
  const long = await memoryOfReplica(
    'synthetic vectors',
    createIndex({ dimensions: 768 }, postings),
    queries,
  );
  return {
    tables: [words.table, long.table],
    measurements: [...words.measurements, ...long.measurements],
  };
}

async function memoryOfReplica(
  name: string,
  index: ShardexIndex,
  queries: readonly Float32Array[],
): Promise<Part> {
  const cell = new CowShardexIndex(index);
  const { dimensions } = index.config;
  const raw = index.postingCount * 4 * dimensions;
  const reader = await startReader(cell, queries);
  const [heap, outside] = await reader.ask({ kind: 'memory', ms: 0 });
  await reader.end();
  const rows: [string, number][] = [
    ['vectors and row columns', 0],
    ['heap: ids, documents, shards', heap],
    ['outside of the heap: codes and what a search works in', outside],
    ['in all', heap + outside],
  ];
  return {
    table: printed({
      caption: `Memory of a further replica of ${count(index.postingCount)} ${name} of ${dimensions} dimensions, when it has searched; the vectors take ${bytes(raw)}.`,
      head: ['', 'memory', 'times raw'],
      rows: rows.map(([what, value]) => [what, bytes(value), (value / raw).toFixed(2)]),
    }),
    measurements: rows.map(([what, value]) => ({
      what: `replica of ${name}: ${what}`,
      value,
      unit: 'bytes',
    })),
  };
}

interface Reader {
  ask(task: Task): Promise<readonly number[]>;
  end(): Promise<void>;
}

async function startReader(cell: ReadableCell, queries: readonly Float32Array[]): Promise<Reader> {
  const { port1, port2 } = new MessageChannel();
  const service = serveReplicas(cell, port1);
  // Workers do not inherit that TypeScript can be imported.
  const [tsx, script] = [import.meta.resolve('tsx/esm/api'), import.meta.resolve('../threads/reader.ts')];
  const worker = new Worker(
    `import('${tsx}').then(({ register }) => { register(); return import('${script}'); })`,
    {
      eval: true,
      // Copies: a view would take the whole buffer along that it is a view of.
      workerData: { port: port2, queries: queries.map((query) => query.slice()) },
      transferList: [port2],
      resourceLimits: { maxYoungGenerationSizeMb: YOUNG_MB },
    },
  );
  await once(worker, 'message');
  return {
    ask: async (task) => {
      worker.postMessage(task);
      const [answer] = (await once(worker, 'message')) as [readonly number[]];
      return answer;
    },
    end: async () => {
      service.close();
      await worker.terminate();
    },
  };
}

/** Commits, one after the other. */
function writer({ postings }: RealVectors, cell: CowShardexIndex): () => void {
  const random = randomLcg(7);
  const any = (): RealVectors['postings'][number] => postings[Math.floor(random() * postings.length)];
  let added = 0;
  return () => {
    cell.update((draft) => {
      for (let i = 0; i < 7; i++) draft.addPosting({ documentId: any().documentId, vector: any().vector });
      for (let i = 0; i < 2; i++) draft.addPosting({ documentId: `new ${added++}`, vector: any().vector });
      draft.removeDocument(any().documentId);
    });
  };
}

let sink = 0;

/** About as long as a commit, with nothing of it. */
function burn(): void {
  const until = performance.now() + 1;
  while (performance.now() < until) for (let i = 0; i < 1000; i++) sink = (sink * 31 + i) % 1_000_003;
}
