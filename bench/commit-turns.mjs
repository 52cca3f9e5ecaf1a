// Times commits of one posting by two or more builds that take turns, each turn in a process of its own, so that what runs
// cold is in it: `node bench/commit-turns.mjs --dimensions 100,768 --to 3000 dist ../other/dist`. Milliseconds of the
// processor that the thread had; commits of all turns together, and of the longest ones what they did.
import { fork } from 'node:child_process';
import { resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    dimensions: { type: 'string', default: '100,384,768,1536' },
    /** Postings that are there at once, and up to how many are added one by one. */
    from: { type: 'string', default: '0' },
    to: { type: 'string', default: '3000' },
    turns: { type: 'string', default: '3' },
    metric: { type: 'string', default: 'cosine' },
    /** Set in the process of one turn. */
    turn: { type: 'boolean', default: false },
  },
});

/** @typedef {{ ms: number, looks: number, shards: number }} Taken */

if (values.turn) await takeTurn();
else await compare();

async function compare() {
  for (const dimensions of values.dimensions.split(',')) {
    /** @type {Map<string, Taken[][]>} */
    const byBuild = new Map(positionals.map((build) => [build, []]));
    for (let turn = 0; turn < Number(values.turns); turn++)
      for (const [build, turns] of byBuild) turns.push(await inProcess(build, dimensions));
    console.log(`${dimensions} dimensions, from ${values.from} to ${values.to}, ${values.turns} turns`);
    for (const [build, turns] of byBuild) print(build, turns);
  }
}

/** @param {string} build @param {string} dimensions @returns {Promise<Taken[]>} */
function inProcess(build, dimensions) {
  const args = ['--turn', '--dimensions', dimensions, '--metric', values.metric];
  const child = fork(
    fileURLToPath(import.meta.url),
    [...args, '--from', values.from, '--to', values.to, build],
    { execArgv: ['--no-warnings'] },
  );
  return new Promise((settle, fail) => {
    child.once('message', (taken) => {
      settle(/** @type {Taken[]} */ (taken));
    });
    child.once('error', fail);
    child.once('exit', (code) => {
      fail(new Error(`A turn of ${build} ended with ${code}.`));
    });
  });
}

/** @param {string} build @param {Taken[][]} turns */
function print(build, turns) {
  const all = turns.flat();
  const sorted = all.map(({ ms }) => ms).sort((a, b) => a - b);
  const at = (/** @type {number} */ share) =>
    sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))].toFixed(2);
  const mean = (/** @type {readonly Taken[]} */ of) =>
    (of.reduce((sum, { ms }) => sum + ms, 0) / of.length).toFixed(3);
  const longest = turns.map((turn) => Math.max(...turn.map(({ ms }) => ms)).toFixed(1));
  console.log(
    `  ${build}: mean ${mean(all)}, p50 ${at(0.5)}, p99 ${at(0.99)}, p99.9 ${at(0.999)}, longest ${longest.join(', ')}`,
  );
  const kinds = {
    split: all.filter((one) => one.shards > 0),
    look: all.filter((one) => one.shards === 0 && one.looks > 0),
    other: all.filter((one) => one.shards === 0 && one.looks === 0),
  };
  const of = Object.entries(kinds)
    .filter(([, some]) => some.length > 0)
    .map(([kind, some]) => {
      const most = some
        .map(({ ms }) => ms)
        .sort((a, b) => b - a)
        .slice(0, 6)
        .map((ms) => ms.toFixed(1));
      return `${kind} ${some.length}, mean ${mean(some)}, ${most.join(' ')}`;
    });
  console.log(`    ${of.join('; ')}`);
}

/** Adds postings one by one to an index of the build, and tells the parent how long each took. */
async function takeTurn() {
  const { createIndex, update } = await import(pathToFileURL(resolve(positionals[0], 'index.js')).href);
  const dimensions = Number(values.dimensions);
  const vector = vectors(dimensions);
  const time = await threadClock();
  const [from, to] = [Number(values.from), Number(values.to)];
  const options = { dimensions, metric: values.metric };
  const postingOf = (/** @type {number} */ i) => ({ documentId: `document ${i}`, vector: vector() });
  let index = createIndex(options, from === 0 ? [] : Array.from({ length: from }, (_, i) => postingOf(i)));
  /** @type {Taken[]} */
  const taken = [];
  for (let i = from; i < to; i++) {
    const posting = postingOf(i);
    const before = time();
    const next = update(index, (/** @type {any} */ draft) => draft.addPosting(posting));
    const ms = time() - before;
    const looks = (next.calibration?.taken ?? 0) - (index.calibration?.taken ?? 0);
    taken.push({ ms, looks, shards: next.shardCount - index.shardCount });
    index = next;
    if (i % 100 === 99) await new Promise((done) => setImmediate(done));
  }
  process.send?.(taken);
  process.disconnect();
}

/**
 * Tells the milliseconds of the processor that this thread has had. The clock of a thread is exact, as that of
 * `process.threadCpuUsage` is not, which counts whole ticks of the system; Node shows it to WebAssembly alone.
 *
 * @returns {Promise<() => number>}
 */
async function threadClock() {
  const { WASI } = await import('node:wasi');
  const wasi = new WASI({ version: 'preview1' });
  // A module that exports a memory, and nothing else.
  const memoryAlone = [
    0, 97, 115, 109, 1, 0, 0, 0, 5, 3, 1, 0, 1, 7, 10, 1, 6, 109, 101, 109, 111, 114, 121, 2, 0,
  ];
  const instance = new WebAssembly.Instance(new WebAssembly.Module(Uint8Array.from(memoryAlone)));
  wasi.initialize(instance);
  const { buffer } = /** @type {WebAssembly.Memory} */ (instance.exports.memory);
  const time = new BigUint64Array(buffer, 0, 1);
  const { clock_time_get: readClock } = /** @type {any} */ (wasi.wasiImport);
  const [THREAD, PRECISION] = [3, 1n];
  return () => {
    readClock(THREAD, PRECISION, 0);
    return Number(time[0]) / 1e6;
  };
}

/** Vectors near 24 dimensions, in clusters of very different sizes, always the same. @param {number} dimensions */
function vectors(dimensions) {
  let state = 7;
  const random = () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
  const normal = () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
  const latent = Math.min(24, dimensions);
  const centres = Array.from({ length: 200 }, () => Float32Array.from({ length: latent }, normal));
  const directions = Array.from({ length: latent }, () => Float32Array.from({ length: dimensions }, normal));
  return () => {
    const centre = centres[Math.floor(centres.length * random() ** 2)];
    const vector = new Float32Array(dimensions);
    directions.forEach((direction, l) => {
      const much = centre[l] + 0.6 * normal();
      for (let i = 0; i < dimensions; i++) vector[i] += much * direction[i];
    });
    return vector;
  };
}
