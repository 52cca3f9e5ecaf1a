// Suite: the time of a read of the cell.
import { CowShardexIndex, type ShardexIndex } from '../../dist/index.js';
import { collectGarbage } from '../../demo/memory.js';
import type { Options } from '../options.js';
import type { SuiteResult } from '../result.js';
import { cell, timed } from '../stopwatch.js';
import { sizedIndex } from '../synthetic.js';
import { printed } from '../tables.js';

/** Reads in one measured operation: far more than its own overhead, from far more cells than could be hoisted. */
const READS = 1024;

const METHOD = `Compares cell.read() with reading a property of a plain object. benchmark.js times rounds of ${READS} reads of as many different cells, so that no read can be moved out of the loop. Bytes are what the heap grew by over the calls, without a collection in between.`;

interface Way {
  readonly name: string;
  readonly round: () => number;
}

/** What it costs to take the current version. */
export async function read(options: Options): Promise<SuiteResult> {
  const index = sizedIndex(100);
  const cells = Array.from({ length: READS }, () => new CowShardexIndex(index));
  const holders = Array.from({ length: READS }, (): { current: ShardexIndex } => ({ current: index }));
  const ways: Way[] = [
    {
      name: 'cell.read()',
      round: () => {
        let sum = 0;
        for (const cell of cells) sum += cell.read().version;
        return sum;
      },
    },
    {
      name: 'holder.current',
      round: () => {
        let sum = 0;
        for (const holder of holders) sum += holder.current.version;
        return sum;
      },
    },
  ];
  const found = [];
  for (const { name, round } of ways) {
    const { seconds, rme, samples } = await timed(round, options.quick ? 0.5 : 5);
    const allocated = bytesOf(round, options.quick ? 1e6 : 2e7);
    found.push({ name, seconds: seconds / READS, rme, samples, ...allocated });
  }
  return {
    title: 'Reading the current version',
    method: METHOD,
    charts: [],
    tables: [
      printed({
        caption: 'One read.',
        head: ['', 'time', 'bytes allocated', 'over calls'],
        rows: found.map((way) => [way.name, cell(way), way.bytes.toFixed(3), way.calls.toLocaleString('en')]),
      }),
    ],
    measurements: found.flatMap(({ name, seconds, rme, samples, bytes }) => [
      { what: name, value: seconds, unit: 's', rme, samples },
      { what: `${name}: allocated`, value: bytes, unit: 'bytes' },
    ]),
  };
}

/** Bytes allocated by a read: in pieces small enough for the young generation, so that nothing is collected unseen. */
function bytesOf(round: () => number, calls: number): { bytes: number; calls: number } {
  const rounds = 100;
  const pieces = Math.ceil(calls / READS / rounds);
  // A first time for what the machinery itself allocates once, such as compiled code.
  growth(round, rounds);
  let grown = 0;
  for (let piece = 0; piece < pieces; piece++) grown += growth(round, rounds) - growth(round, 0);
  const total = pieces * rounds * READS;
  return { bytes: Math.max(0, grown) / total, calls: total };
}

/** Bytes that the heap grew by in so many rounds. */
function growth(round: () => number, rounds: number): number {
  collectGarbage();
  const before = heapUsed();
  for (let r = 0; r < rounds; r++) round();
  return heapUsed() - before;
}

function heapUsed(): number {
  return process.memoryUsage().heapUsed;
}
