/*
 * Checks the invariants of docs/internals/design.md on a version, against its rows. Used by tests, by `applyDelta`
 * with `verify: true`, and by applications that read deltas they do not trust.
 */

import { InvalidOptionError } from '../errors.js';
import { takeOptions } from '../checks/given.js';
import { isWhole, show } from '../config.js';
import { squaredNorm } from '../geometry/exact-loops.js';
import { fillProbe, reusableProbe, separations } from '../geometry/metric.js';
import { seededRandom } from '../geometry/random.js';
import { centroidsOf, rankShards } from '../version/centroid-table.js';
import { wrongFields } from '../documents/field-indexes.js';
import { entryOf, idsOf, shardsOf } from '../version/documents.js';
import { isWithin } from '../documents/extent.js';
import { type JsonValue, type Metadata, bytesOfRecord, jsonOf } from '../documents/record.js';
import { takeMetadata } from '../documents/take-metadata.js';
import { keyOfRow, keyText } from '../version/posting.js';
import { type Columns, hashOfRow, tailOf } from '../version/row-block.js';
import { type Shard, type ShardId, centroidProbe, matrixOf } from '../version/shard.js';
import { bytesOf, eachLive } from '../version/shard-rows.js';
import { type ShardexIndex, assertIndex } from '../version/shardex-index.js';

/** A broken invariant: which one, where, and what was found. */
export interface Violation {
  /** `'I1'`, `'I4'` to `'I7'` or `'I11'`, as the page "Design" numbers them. */
  readonly invariant: `I${1 | 4 | 5 | 6 | 7 | 11}`;
  /** The part of the index it was found in, such as `'shard 12'` or `'document "a"'`. */
  readonly where: string;
  /** What was found. */
  readonly what: string;
}

/** Violations found (empty when the index is sound), and how many postings are not in their nearest shard. */
export interface Verification extends ReadonlyArray<Violation> {
  /** Postings whose nearest shard was computed. */
  readonly placementChecked: number;
  /**
   * Share of those that are nearer to another shard's centroid. With `reassign: 'strict'` each is a violation; otherwise it
   * measures what the bounded reassignment left behind (I6).
   */
  readonly misplacedShare: number;
}

/** Options of {@link verify}. */
export interface VerifyOptions {
  /**
   * Number of postings, evenly drawn, whose nearest shard is computed, which costs O(shards · dimensions) each.
   * Default `'all'` in an index with `reassign: 'strict'`, else 1,000.
   */
  readonly placement?: number | 'all';
}

/** Limit of violations in the list; one more entry says that there were more. */
const MAX_LISTED = 100;

/**
 * Checks the invariants of an index against the rows themselves. However broken the index is, faults are reported,
 * not thrown.
 *
 * Time: O(postings · dimensions), and O(shards · dimensions) for each posting whose placement is checked.
 *
 * @throws {@link InvalidIndexError}, {@link InvalidOptionError}
 *
 * @example
 * ```ts
 * import { createIndex, verify } from 'shardex';
 *
 * const index = createIndex({ dimensions: 2 }, [{ documentId: 'a', vector: [1, 0] }]);
 * verify(index).length; // → 0
 * verify(index).misplacedShare; // → 0
 * ```
 */
export function verify(index: ShardexIndex, options: VerifyOptions = {}): Verification {
  assertIndex(index);
  const { placement = index.config.reassign === 'strict' ? 'all' : 1000 } = takeOptions(options, [
    'placement',
  ]);
  if (placement !== 'all' && !isWhole(placement, 0, Number.MAX_SAFE_INTEGER)) {
    throw new InvalidOptionError(
      'placement',
      `placement must be 'all' or a whole number, not ${show(placement)}.`,
    );
  }
  const found: Violation[] = [];
  const report: Report = (invariant, where, what) => {
    if (found.length < MAX_LISTED) found.push({ invariant, where, what });
    else if (found.length === MAX_LISTED)
      found.push({ invariant, where: 'here and elsewhere', what: 'more than is listed' });
  };
  /** Runs a check; if the index is too broken to be read there, reports that. */
  const guarded = <T>(invariant: Violation['invariant'], where: string, look: () => T): T | undefined => {
    try {
      return look();
    } catch (error) {
      report(invariant, where, `cannot be looked at: ${String(error)}`);
      return undefined;
    }
  };
  guarded('I7', 'the root', () => {
    checkRoot(index, report);
  });
  for (const [id, shard] of index.shards) {
    guarded('I7', `shard ${id}`, () => {
      checkShard(index, id, shard, report);
    });
  }
  guarded('I7', 'the map of documents', () => {
    checkDocuments(index, report);
  });
  guarded('I7', 'the field indexes', () => {
    for (const path of wrongFields(index))
      report('I7', `the index of ${show(path)}`, 'is not that of the records');
  });
  guarded('I1', 'the texts and metadata', () => {
    checkRecords(index, report);
  });
  const placed = guarded('I6', 'the centroid table', () =>
    checkPlacement(index, placement === 'all' ? Infinity : placement, report),
  ) ?? { placementChecked: 0, misplacedShare: 0 };
  return Object.freeze(Object.assign(found, placed));
}

/** How many documents have a record and no posting. */
function recordsAlone({ records, documents }: ShardexIndex): number {
  return records.count((_, documentId) => entryOf(documents.value, documentId) === undefined);
}

type Report = (invariant: Violation['invariant'], where: string, what: string) => void;

function checkRoot(index: ShardexIndex, report: Report): void {
  if (!Object.isFrozen(index) || !Object.isFrozen(index.config)) report('I1', 'the root', 'is not frozen');
  if (index.shards.wasAltered()) report('I1', 'a map', 'was left open to changes');
  let postings = 0;
  let bytes = 0;
  for (const { rows } of index.shards.values()) {
    postings += rows.liveCount;
    bytes += bytesOf(rows);
  }
  const counts: [string, number, number][] = [
    ['postingCount', index.postingCount, postings],
    ['shardCount', index.shardCount, index.shards.size],
    ['documentCount', index.documentCount, index.documents.value.size + recordsAlone(index)],
    ['placedCount', index.placedCount, index.documents.value.size],
    ['byteLength', index.byteLength, bytes],
  ];
  for (const [name, said, counted] of counts) {
    if (said !== counted) report('I7', 'the root', `says ${name} ${said}, but ${counted} were counted`);
  }
  if (index.config.reassign === 'strict' && index.owed.length > 0)
    report('I6', 'the root', 'leaves rows to be compared with new centroids');
  const listed = centroidsOf(index.centroids);
  const distinct = new Set(listed.map(({ id }) => id)).size;
  if (listed.length !== index.shards.size || distinct !== index.shards.size) {
    report(
      'I6',
      'the centroid table',
      `lists ${distinct} shards in ${listed.length} places, not ${index.shards.size}`,
    );
  }
  for (const { id, vector } of listed) {
    const shard = index.shards.get(id);
    const own = shard === undefined ? undefined : matrixOf(shard.centroid).vectors;
    if (own?.length !== vector.length || !vector.every((component, i) => component === own[i])) {
      report('I6', 'the centroid table', `has a centroid for shard ${id} that is not the shard's own`);
    }
  }
}

function checkShard(index: ShardexIndex, id: ShardId, shard: Shard, report: Report): void {
  const where = `shard ${id}`;
  const { dimensions, shardCapacity, metric } = index.config;
  if (!Object.isFrozen(shard) || !Object.isFrozen(shard.rows.segments)) report('I1', where, 'is not frozen');
  if (shard.id !== id) report('I4', where, `calls itself ${shard.id}`);
  if (id >= index.nextShardId)
    report('I4', where, `has an id that would be given out again (next: ${index.nextShardId})`);
  if (shard.rows.liveCount === 0) report('I7', where, 'is empty');
  if (shard.rows.liveCount > shardCapacity)
    report('I7', where, `holds ${shard.rows.liveCount} postings, capacity ${shardCapacity}`);
  if (!matrixOf(shard.centroid).vectors.every(Number.isFinite))
    report('I7', where, 'has a centroid that is not finite');
  let live = 0;
  let visible = 0;
  for (const segment of shard.rows.segments) {
    visible += segment.visible;
    if (segment.visible > tailOf(segment.block)) report('I1', where, 'sees rows that nobody has claimed');
  }
  const out = new Float64Array(1);
  const centre = centroidProbe(shard.centroid);
  eachLive(shard.rows, (columns, row) => {
    live++;
    const vectors = columns.vectors.subarray(row * dimensions, (row + 1) * dimensions);
    if (!vectors.every(Number.isFinite)) report('I7', where, `row ${row} is not finite`);
    if (columns.squaredNorms[row] !== squaredNorm(vectors, 0, dimensions))
      report('I1', where, `row ${row} changed its length`);
    separations(metric, centre, columns, row, 1, out);
    if (columns.separations[row] !== out[0]) report('I6', where, `row ${row} has a stale separation`);
  });
  if (live !== shard.rows.liveCount || visible !== shard.rows.rowCount) {
    report(
      'I7',
      where,
      `says ${shard.rows.liveCount} of ${shard.rows.rowCount} rows live, but ${live} of ${visible} are`,
    );
  }
}

function checkDocuments(index: ShardexIndex, report: Report): void {
  const keys = new Set<string>();
  const sampled = new Map<string, number>();
  for (const { documentId, start, length, hash } of index.calibration?.samples ?? [])
    sampled.set(keyText(documentId, start, length), hash);
  const held = new Map<string, Set<ShardId>>();
  for (const shard of index.shards.values()) {
    eachLive(shard.rows, (columns, row) => {
      if (!columns.ids.has(row)) {
        report('I1', `shard ${shard.id}`, `row ${row} has no documentId`);
        return;
      }
      const documentId = columns.ids.at(row);
      const key = keyText(documentId, columns.starts[row], columns.lengths[row]);
      if (!isWithin(index.records.get(documentId)?.text, keyOfRow(columns, row)))
        report('I11', `document ${JSON.stringify(documentId)}`, `has a posting beyond its text, ${key}`);
      if (keys.has(key))
        report('I5', `document ${JSON.stringify(documentId)}`, `has two live rows for ${key}`);
      keys.add(key);
      if (sampled.get(key) === hashOfRow(columns, row)) sampled.delete(key);
      const shards = held.get(documentId);
      if (shards === undefined) held.set(documentId, new Set([shard.id]));
      else shards.add(shard.id);
    });
  }
  for (const [documentId, shards] of held) {
    const listed = shardsOf(entryOf(index.documents.value, documentId));
    if (listed.length !== shards.size || !listed.every((id) => shards.has(id))) {
      report(
        'I7',
        `document ${JSON.stringify(documentId)}`,
        `is listed in shards [${listed.join()}], but is in [${[...shards].join()}]`,
      );
    }
  }
  for (const key of sampled.keys())
    report('I7', 'the calibration', `has a sample of ${key}, which is not there`);
  for (const documentId of idsOf(index.documents.value)) {
    if (!held.has(documentId))
      report('I7', `document ${JSON.stringify(documentId)}`, 'is listed, but has no postings');
  }
}

function checkRecords({ records, recordBytes }: ShardexIndex, report: Report): void {
  if (records.wasAltered()) report('I1', 'the map of texts and metadata', 'was left open to changes');
  let bytes = 0;
  for (const [documentId, record] of records) {
    const where = `document ${JSON.stringify(documentId)}`;
    const { text, metadata } = record;
    bytes += bytesOfRecord(record);
    if (!Object.isFrozen(record) || !isTaken(documentId, metadata))
      report('I1', where, 'has metadata that are not frozen, or not of JSON values');
    const isText = text === undefined || typeof text === 'string';
    if (!isText || (text === undefined && metadata === undefined))
      report('I7', where, 'has a record without a text and without metadata');
  }
  if (bytes !== recordBytes)
    report('I7', 'the root', `says recordBytes ${recordBytes}, but ${bytes} were counted`);
}

/** Whether metadata are as after they were checked and copied. */
function isTaken(documentId: string, metadata: Metadata | undefined): boolean {
  try {
    if (metadata === undefined) return true;
    return (
      isDeepFrozen(metadata) && jsonOf(takeMetadata(metadata, undefined, documentId)) === jsonOf(metadata)
    );
  } catch {
    return false;
  }
}

function isDeepFrozen(value: JsonValue): boolean {
  if (typeof value !== 'object' || value === null) return true;
  return Object.isFrozen(value) && Object.values(value).every(isDeepFrozen);
}

/**
 * Checks the placement of a sample of the postings. Only a strictly nearer shard counts, as a split may divide ties.
 */
function checkPlacement(
  index: ShardexIndex,
  most: number,
  report: Report,
): Pick<Verification, 'placementChecked' | 'misplacedShare'> {
  const { metric, dimensions, reassign, seed } = index.config;
  const random = seededRandom(seed);
  const probe = reusableProbe(dimensions);
  let left = index.postingCount;
  let wanted = Math.min(most, left);
  let checked = 0;
  let misplaced = 0;
  const check = (shard: Shard, columns: Columns, row: number): void => {
    checked++;
    fillProbe(probe, columns, row);
    const [nearest] = rankShards(index.centroids, metric, probe, 1);
    if (!(nearest.value < columns.separations[row])) return;
    misplaced++;
    if (reassign === 'strict')
      report('I6', `shard ${shard.id}`, `row ${row} is nearer to shard ${nearest.id}`);
  };
  for (const shard of index.shards.values()) {
    eachLive(shard.rows, (columns, row) => {
      // Selection sampling (Knuth, TAOCP 2, 3.4.2, algorithm S): each row has the same chance.
      if (random() * left-- < wanted) {
        wanted--;
        check(shard, columns, row);
      }
    });
  }
  return { placementChecked: checked, misplacedShare: checked === 0 ? 0 : misplaced / checked };
}
