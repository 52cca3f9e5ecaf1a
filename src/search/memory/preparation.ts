// Warms the search cache for a new version in idle time; replicas use it.
import type { CodeShape } from '../../kernels/code-shape.js';
import { columnsOf } from '../../version/row-block.js';
import { type Shard, type ShardId, matrixOf } from '../../version/shard.js';
import type { Segment } from '../../version/shard-rows.js';
import type { ShardexIndex } from '../../version/shardex-index.js';
import { codable, codesOf } from './block-codes.js';
import { type Directory, NOWHERE } from './directory.js';
import { type Engine, knownEngine } from './engine.js';

/** Which codes of a shard are wanted; flags. */
const [NONE, COARSE, FINE] = [0, 1, 2];

/**
 * Warms the search cache for each new version, in the idle time of a thread that follows versions.
 *
 * It only continues what searches have started: before the first search it does nothing, and shards whose codes no
 * search has needed get none. No result depends on it.
 */
export class Preparation {
  /** Shards that have changed, each of them once. */
  readonly #pending: ShardId[] = [];
  /**
   * The codes that are wanted of them, by shard id. A `Map` of both would be made anew every few versions, and each that
   * it was would keep the next one from the collections of the young generation.
   */
  #wanted = new Uint8Array(64);
  /** The version that it was given last. */
  #reached = -1;

  /**
   * Works on the newest version for some milliseconds, up to the end of a shard; returns whether anything is left.
   *
   * Time: O(shards that differ · log shards + rows that are new in them · dimensions).
   */
  advance(index: ShardexIndex, milliseconds: number): boolean {
    const engine = knownEngine(index.config);
    const last = engine?.directories.last?.version ?? -1;
    // Whoever searches an old version that is held would have to go back to it each time.
    const follows = last >= this.#reached;
    this.#reached = index.version;
    if (engine === undefined || engine.lent || last < 0 || !follows) {
      this.#forget();
      return false;
    }
    const until = performance.now() + milliseconds;
    const directory = this.#takeChanges(engine, index);
    while (this.#pending.length > 0) {
      if (performance.now() >= until) return true;
      const id = this.#pending.pop() as ShardId;
      const wanted = this.#wanted[id];
      this.#wanted[id] = NONE;
      makeCodes(engine, directory, id, wanted);
    }
    return false;
  }

  #want(id: ShardId, codes: number): void {
    if (id >= this.#wanted.length) {
      const grown = new Uint8Array(2 * (id + 1));
      grown.set(this.#wanted);
      this.#wanted = grown;
    }
    if (this.#wanted[id] === NONE) this.#pending.push(id);
    this.#wanted[id] |= codes;
  }

  #forget(): void {
    for (const id of this.#pending) this.#wanted[id] = NONE;
    this.#pending.length = 0;
  }

  #takeChanges(engine: Engine, index: ShardexIndex): Directory {
    const fresh: ShardId[] = [];
    let ofAny = NONE;
    const directory = engine.directories.of(index, (id, before) => {
      // What was taken away, as by dropCaches(), is wanted when somebody searches for it.
      before.checkAddresses(engine.slots.evictions);
      if (before.firstOf(id) === NOWHERE) fresh.push(id);
      const wanted = wantedOf(engine, before, id);
      ofAny |= wanted;
      if (wanted !== NONE) this.#want(id, wanted);
    });
    // A new shard is made of others that change with it.
    if (ofAny !== NONE) for (const id of fresh) this.#want(id, ofAny);
    return directory;
  }
}

/** The codes that are kept of any rows of a shard. */
function wantedOf({ slots }: Engine, directory: Directory, id: ShardId): number {
  let wanted = NONE;
  for (let record = directory.firstOf(id); record !== NOWHERE; record = directory.after(record)) {
    const { block } = directory.segments[record] as Segment;
    if (directory.addressOf(record) !== NOWHERE || slots.has(block)) wanted |= COARSE;
    if (slots.has(columnsOf(block))) wanted |= FINE;
  }
  return wanted;
}

/** Makes what codes are missing of a shard, as far as that takes no other codes away. */
function makeCodes(engine: Engine, directory: Directory, id: ShardId, wanted: number): void {
  const { coarse, fine } = engine;
  for (let record = directory.firstOf(id); record !== NOWHERE; record = directory.after(record)) {
    const shard = directory.shards[record] as Shard;
    const segment = directory.segments[record] as Segment;
    if (!codable(matrixOf(shard.centroid).squaredNorms[0])) continue;
    if ((wanted & COARSE) !== NONE && directory.addressOf(record) === NOWHERE)
      directory.setAddress(record, made(engine, coarse, shard, segment) ?? NOWHERE);
    if ((wanted & FINE) !== NONE) made(engine, fine, shard, segment);
  }
}

function made(
  engine: Engine,
  shape: CodeShape,
  { centroid }: Shard,
  { block, visible }: Segment,
): number | undefined {
  return codesOf(engine, shape, block, centroid, visible, false);
}
