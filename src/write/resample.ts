// Keeps the calibration's sample up with a commit: what comes into it, what leaves, and what is looked for anew.
import { List } from 'immutable';
import { type Calibration, type Sample, countedOn, sampleSizeFor } from '../calibration/calibration.js';
import { isOutdated } from '../calibration/outdated.js';
import type { PostingKey } from '../errors.js';
import { seededRandom } from '../geometry/random.js';
import { adoptCodes, lenderFor } from '../search/memory/engine.js';
import { type LiveRow, Looker, type Looked } from '../search/look.js';
import type { Steps } from '../collections/steps.js';
import { keyOfRow, keyText } from '../version/posting.js';
import { hashOfRow } from '../version/row-block.js';
import type { Shard, ShardId } from '../version/shard.js';
import { eachLive } from '../version/shard-rows.js';
import { rowsOf } from './rows-of.js';
import type { Written } from './written.js';

/*
 * Keeps the sample of a version up with what a commit changes. Each posting that is written comes into it with the
 * same chance, in place of one drawn by lot, so that it stays an even sample of what was written; what is removed
 * leaves it. As many again are looked for anew, since what is written elsewhere can change a neighbourhood, too: by dot
 * product a few long vectors are near everything. Some 1,400 postings are looked for while a large index doubles, 2,000
 * while it is replaced: a part in every commit, in proportion to what that commit changes. While the most recent of the
 * sample are harder to find than the rest, the rest is being outdated, and twice as many are looked for.
 */

/** How often the whole sample is looked for while as much changes as the index holds: half of that is what was written. */
const RATE = 2;

/**
 * After so many looks it is seen whether the most recent of the sample are harder to find than the others, and while they
 * are, as many more are made at once.
 */
const LOOKS_A_CHECK = 4;

/** Postings looked for in a commit at least while the sample is not full. */
const LEAST_FILLED = 2;

/** Draws after which a posting of a sparse index is given up on. */
const MOST_DRAWS = 256;

/** What a version in the making is asked for. */
export interface Resampled extends Looked {
  readonly shardsOfDocument: (documentId: string) => readonly ShardId[];
  /** What was written since the version before, and how much of `churn` that is. */
  readonly written: Written;
  readonly changed: number;
  /** The documents that have lost a posting, or had one moved. */
  readonly doubtful: ReadonlySet<string>;
}

/** A posting to be looked for, and the place in the sample that it takes; none where it is a further one. */
interface Wanted {
  readonly row: LiveRow;
  readonly born: number;
  readonly place?: number;
}

/** The calibration of a version, made of that of the version before; `undefined` where it is too small for one. */
export function* resampled(
  before: Calibration | undefined,
  index: Resampled,
): Steps<Calibration | undefined> {
  const { postingCount, churn, centroids, config } = index;
  const size = sampleSizeFor(postingCount);
  if (size === 0) return undefined;
  // The next looks will want them, and most commits take none.
  if (before !== undefined) adoptCodes(config);
  const random = seededRandom(config.seed ^ Math.imul(churn, 0x9e3779b1) ^ (before?.taken ?? 0));
  const samples = (yield* surviving(before?.samples ?? List(), index)).asMutable();
  while (samples.size > size) remove(samples, Math.floor(random() * samples.size));

  const wanted: Wanted[] = [];
  const lots = evenly(index.written.drawn(size / postingCount), size);
  const written = yield* rowsOf(
    index,
    lots.map(({ key }) => key),
  );
  for (const { key, born } of lots) {
    const row = written.get(textOf(key));
    if (row !== undefined) wanted.push({ row, born });
  }
  const settled = before?.settled ?? churn - index.changed;
  const each = postingCount / (RATE * size);
  const due = Math.max(0, Math.floor((churn - settled) / each));
  const room = Math.max(0, size - samples.size - wanted.length);
  const filling = Math.min(room, Math.max(LEAST_FILLED, due));
  const renewed = Math.min(Math.max(0, due - wanted.length - filling), samples.size);
  const more = before === undefined ? 0 : looksMore(before, due);
  const old = oldest(samples, Math.min(renewed + more, samples.size)).map((place) => ({
    place,
    sample: samples.get(place) as Sample,
  }));
  const rows = yield* rowsOf(
    index,
    old.map(({ sample }) => sample),
  );
  for (const { place, sample } of old) {
    const row = rows.get(textOf(sample));
    if (row !== undefined) wanted.push({ row, born: sample.born, place });
  }
  const spent = Math.max(0, wanted.length - more);
  if (filling > 0) {
    const known = new Set(
      [...samples, ...wanted.map(({ row }) => keyOfRow(row.columns, row.row))].map(textOf),
    );
    for (let left = filling; left > 0; left--) {
      const row = drawn(index, random, known);
      if (row !== undefined) wanted.push({ row, born: 0 });
      yield;
    }
  }
  if (before !== undefined && wanted.length === 0 && samples.size === before.samples.size) return before;

  const taken = yield* lookedFor(wanted, index);
  const free = Array.from({ length: samples.size }, (_, place) => place);
  wanted.forEach(({ place }, i) => {
    if (place !== undefined) samples.set(place, taken[i]);
    else if (samples.size < size) samples.push(taken[i]);
    // In place of any that was there before.
    else samples.set(free.splice(Math.floor(random() * free.length), 1)[0], taken[i]);
  });
  return Object.freeze({
    samples: samples.asImmutable(),
    taken: countedOn(before?.taken ?? 0, taken.length),
    settled: countedOn(settled, each * Math.max(spent, due)),
    postingCount,
    shardCount: centroids.size,
  });
}

/** How many looks more than are due, where the sample is being outdated. */
function looksMore(before: Calibration, due: number): number {
  const { taken } = before;
  const checks = Math.floor((taken + due) / LOOKS_A_CHECK) - Math.floor(taken / LOOKS_A_CHECK);
  return checks > 0 && isOutdated(before) ? checks * LOOKS_A_CHECK : 0;
}

function* lookedFor(wanted: readonly Wanted[], index: Resampled): Steps<Sample[]> {
  const looker = new Looker(index, lenderFor(index.config, wanted.length), wanted.length);
  const taken: Sample[] = [];
  for (const { row, born } of wanted) {
    taken.push(looker.look(row, born));
    yield;
  }
  return taken;
}

/** The samples whose postings are still there as they were. */
function* surviving(samples: List<Sample>, index: Resampled): Steps<List<Sample>> {
  const { doubtful } = index;
  if (doubtful.size === 0) return samples;
  const doubted = samples.toArray().filter(({ documentId }) => doubtful.has(documentId));
  const rows = yield* rowsOf(index, doubted);
  return samples.withMutations((list) => {
    for (let place = list.size - 1; place >= 0; place--) {
      const sample = list.get(place) as Sample;
      if (!doubtful.has(sample.documentId)) continue;
      const row = rows.get(textOf(sample));
      if (row === undefined || hashOfRow(row.columns, row.row) !== sample.hash) remove(list, place);
    }
  });
}

/** Takes one out and puts the last one in its place. */
function remove(samples: List<Sample>, place: number): void {
  const last = samples.last() as Sample;
  samples.set(place, last).pop();
}

/** The places of the `count` samples that were looked for the longest ago. */
function oldest(samples: List<Sample>, count: number): number[] {
  if (count === 0) return [];
  const ages = samples.toArray().map(({ churn }) => churn);
  const places = ages.map((_, place) => place).sort((a, b) => ages[a] - ages[b] || a - b);
  return places.slice(0, count);
}

/** At most so many of some values, at even distances. */
function evenly<T>(values: readonly T[], most: number): readonly T[] {
  if (values.length <= most) return values;
  return Array.from({ length: most }, (_, i) => values[Math.floor(((i + 0.5) * values.length) / most)]);
}

function textOf({ documentId, start, length }: PostingKey): string {
  return keyText(documentId, start, length);
}

/** Any posting that is not known, each with the same chance. */
function drawn(
  { shards, centroids: { chunks }, config }: Resampled,
  random: () => number,
  known: Set<string>,
): LiveRow | undefined {
  const widest = chunks.reduce((most, { ids }) => Math.max(most, ids.length), 0);
  for (let draw = 0; draw < MOST_DRAWS; draw++) {
    const { ids } = chunks[Math.floor(random() * chunks.length)];
    const at = Math.floor(random() * widest);
    const place = Math.floor(random() * config.shardCapacity);
    if (at >= ids.length) continue;
    const home = shards.get(ids[at]) as Shard;
    if (place >= home.rows.liveCount) continue;
    let left = place;
    let found: LiveRow | undefined;
    eachLive(home.rows, (columns, row) => {
      if (left-- > 0) return false;
      found = { home, columns, row };
      return true;
    });
    if (found === undefined) continue;
    const { columns, row } = found;
    const key = textOf(keyOfRow(columns, row));
    if (known.has(key)) continue;
    known.add(key);
    return found;
  }
  return undefined;
}
