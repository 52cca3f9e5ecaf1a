// Warms the search cache for a new version in the idle time of a replica.
import type { CodeShape } from '../../kernels/code-shape.js';
import { columnsOf } from '../../version/row-block.js';
import { type Shard, type ShardId, matrixOf } from '../../version/shard.js';
import type { Segment } from '../../version/shard-rows.js';
import type { ShardexIndex } from '../../version/shardex-index.js';
import { codable, codesOf } from './block-codes.js';
import { type Directory, NOWHERE } from './directory.js';
import { type Engine, knownEngine } from './engine.js';

/** Flags: which codes of a shard are wanted. */
const [NONE, COARSE, FINE] = [0, 1, 2];

/**
 * Makes the codes of new rows before a search needs them.
 *
 * It only continues what searches have started: before the first search it does nothing, and shards whose codes no
 * search has needed get none. No result depends on it.
 */
export class Preparation {
  /** Changed shards, each of them once. */
  readonly #pending: ShardId[] = [];
  /** The codes that are wanted of them, by shard id. (A `Map` would rehash, and its old tables keep young garbage alive.) */
  #wanted = new Uint8Array(64);
  /** The newest version so far. */
  #reached = -1;

  /**
   * Works on the newest version for some milliseconds, to the end of a shard. Returns whether anything is left.
   *
   * Time: O(shards that differ · log shards + rows that are new in them · dimensions).
   */
  advance(index: ShardexIndex, milliseconds: number): boolean {
    const engine = knownEngine(index.config);
    const last = engine?.directories.last?.version ?? -1;
    // Not while searches go to an older version: the directory would have to change back each time.
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
      // Codes that were evicted, as by dropCaches(), are not wanted until a search needs them.
      before.checkAddresses(engine.slots.evictions);
      if (before.firstOf(id) === NOWHERE) fresh.push(id);
      const wanted = wantedOf(engine, before, id);
      ofAny |= wanted;
      if (wanted !== NONE) this.#want(id, wanted);
    });
    // The rows of a new shard come from others that changed with it.
    if (ofAny !== NONE) for (const id of fresh) this.#want(id, ofAny);
    return directory;
  }
}

/** Which codes are cached of any rows of a shard. */
function wantedOf({ slots }: Engine, directory: Directory, id: ShardId): number {
  let wanted = NONE;
  for (let entry = directory.firstOf(id); entry !== NOWHERE; entry = directory.after(entry)) {
    const { block } = directory.segments[entry] as Segment;
    if (directory.addressOf(entry) !== NOWHERE || slots.has(block)) wanted |= COARSE;
    if (slots.has(columnsOf(block))) wanted |= FINE;
  }
  return wanted;
}

/** Makes the missing codes of a shard, as far as nothing has to be evicted for them. */
function makeCodes(engine: Engine, directory: Directory, id: ShardId, wanted: number): void {
  const { coarse, fine } = engine;
  for (let entry = directory.firstOf(id); entry !== NOWHERE; entry = directory.after(entry)) {
    const shard = directory.shards[entry] as Shard;
    const segment = directory.segments[entry] as Segment;
    if (!codable(matrixOf(shard.centroid).squaredNorms[0])) continue;
    if ((wanted & COARSE) !== NONE && directory.addressOf(entry) === NOWHERE)
      directory.setAddress(entry, made(engine, coarse, shard, segment) ?? NOWHERE);
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
