// Keeps the calibration's sample up with a commit: what comes into it, what leaves, and what is looked for anew.
import { List } from 'immutable';
import {
  type Calibration,
  type Sample,
  countedOn,
  isNearlyCalibrated,
  isWaiting,
  sampleSizeFor,
  waitFor,
  waitingSample,
} from '../calibration/calibration.js';
import { isOutdated } from '../calibration/outdated.js';
import type { PostingKey } from '../errors.js';
import { seededRandom } from '../geometry/random.js';
import { adoptCodes, lenderFor } from '../search/memory/engine.js';
import { type LiveRow, Looker, type UnfinishedVersion } from '../search/look.js';
import { aheadBudget, aheadOf, beginAhead, encodeAhead } from '../search/look-ahead.js';
import type { Steps } from '../collections/steps.js';
import { keyOfRow, keyText } from '../version/posting.js';
import { hashOfRow } from '../version/row-block.js';
import type { Shard, ShardId } from '../version/shard.js';
import { eachLive } from '../version/shard-rows.js';
import { rehearseLook } from './rehearse-look.js';
import { rowsOf } from './rows-of.js';
import { viewOf } from './sample-view.js';
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

/** Postings that are looked for in a commit for each one that it writes or removes: half of that is due on average at most. */
const LOOKS_PAID = 1;

/**
 * How many times as long a posting waits for its look while splits have left something to compare: such commits pay for that
 * already, and for the codes of new shards.
 */
const PATIENCE = 2;

/** Postings that come into the sample in a commit at least while the sample is not full. */
const LEAST_FILLED = 2;

/** Most samples that are picked, and most postings that are sought in the sample, one after the other. */
const FEW = 8;

/** Postings that may wait at a time, before a sample that is not full is filled further. */
const MOST_WAITING = 32;

/** Draws after which a posting of a sparse index is given up on. */
const MOST_DRAWS = 256;

/** What a version in the making is asked for. */
export interface Resampled extends UnfinishedVersion {
  readonly shardsOfDocument: (documentId: string) => readonly ShardId[];
  /** What was written since the version before, and how much of `churn` that is. */
  readonly written: Written;
  readonly changed: number;
  /** The documents that have lost a posting, or had one moved. */
  readonly doubtful: ReadonlySet<string>;
  /** Whether splits took more than is paid for, so that looks are left to other commits. */
  readonly isBusy: boolean;
  /** Whether splits have left something to compare, which later commits pay for. */
  readonly isOwing: boolean;
  readonly nextShardId: ShardId;
}

/** A posting to be looked for, and the place in the sample that it takes; none where it is a further one. */
interface Wanted {
  readonly row: LiveRow;
  readonly born: number;
  readonly place?: number;
  /** What was waiting for it, if anything. */
  readonly waited?: Sample;
}

/** The calibration of a version, made of that of the version before; `undefined` where it is too small for one. */
export function* resampled(
  before: Calibration | undefined,
  index: Resampled,
): Steps<Calibration | undefined> {
  const size = sampleSizeFor(index.postingCount);
  if (size === 0) {
    const isSoon = isNearlyCalibrated(index.postingCount) && !isBatch(index);
    if (isSoon && encodeAhead(index, aheadBudget(index.config, 1)) > 0)
      yield* rehearseLook(
        index,
        index.written.drawn(1).map(({ key }) => key),
      );
    return undefined;
  }
  // The next looks will want them, and most commits take none.
  if (before !== undefined) adoptCodes(index.config);
  const next = yield* renewed(before, index, size);
  if (!index.isBusy) yield* lookAhead(next.samples, index);
  return next;
}

function* renewed(before: Calibration | undefined, index: Resampled, size: number): Steps<Calibration> {
  const { postingCount, churn, centroids, config } = index;
  const random = seededRandom(config.seed ^ Math.imul(churn, 0x9e3779b1) ^ (before?.taken ?? 0));
  const there = fewer(yield* surviving(before?.samples ?? List(), index), size, random);
  // A commit that writes as much as a look waits for pays for all looks.
  const wait = waitFor(postingCount);
  const atOnce = index.changed >= wait;
  const { all, waiting } = viewOf(there, config);

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
  const room = Math.max(0, size - there.size - wanted.length);
  const isPatient = atOnce || waiting.length < MOST_WAITING;
  const filling = isPatient ? Math.min(room, Math.max(LEAST_FILLED, due)) : 0;
  const renewals = Math.min(Math.max(0, due - wanted.length - filling), there.size);
  const more = before === undefined ? 0 : looksMore(before, due);
  const old = oldest(all, renewals + more).map((place) => ({ place, sample: all[place] }));
  const ripe = waiting
    .map((place) => ({ place, sample: all[place] }))
    .filter(({ sample }) => atOnce || churn - sample.churn >= (index.isOwing ? PATIENCE : 1) * wait)
    .slice(0, atOnce ? size : index.isBusy ? 0 : LOOKS_PAID * index.changed);
  const rows = yield* rowsOf(
    index,
    [...old, ...ripe].map(({ sample }) => sample),
  );
  for (const { place, sample } of old) {
    const row = rows.get(textOf(sample));
    if (row !== undefined) wanted.push({ row, born: sample.born, place });
  }
  const spent = Math.max(0, wanted.length - more);
  if (filling > 0) {
    const isKnown = knownIn(all, wanted, filling);
    for (let left = filling; left > 0; left--) {
      const row = drawn(index, random, isKnown);
      if (row !== undefined) wanted.push({ row, born: 0 });
      yield;
    }
  }
  const looksDue = ripe.flatMap(({ place, sample }): Wanted[] => {
    const row = rows.get(textOf(sample));
    return row === undefined ? [] : [{ row, born: sample.born, place, waited: sample }];
  });
  if (before !== undefined && wanted.length + looksDue.length === 0 && there.size === before.samples.size)
    return before;

  const looks = atOnce ? [...looksDue, ...wanted] : looksDue;
  const taken = yield* lookedFor(looks, index);
  const samples = there.asMutable();
  put(samples, looks, taken, size, random);
  if (!atOnce) {
    const later = wanted.map(({ row: { columns, row }, born }) =>
      waitingSample(keyOfRow(columns, row), { hash: hashOfRow(columns, row), born, postingCount, churn }),
    );
    later.forEach((sample, i) => beginAhead(sample, config, wanted[i].row.columns, wanted[i].row.row));
    put(samples, wanted, later, size, random);
  }
  return Object.freeze({
    samples: samples.asImmutable(),
    taken: countedOn(before?.taken ?? 0, taken.length),
    settled: countedOn(settled, each * Math.max(spent, due)),
    postingCount,
    shardCount: centroids.size,
  });
}

/** Puts samples in their places, or where they have none in place of any, if the sample is full. */
function put(
  samples: List<Sample>,
  wanted: readonly Wanted[],
  made: readonly Sample[],
  size: number,
  random: () => number,
): void {
  if (wanted.length === 0) return;
  const before = samples.size;
  let free: number[] | undefined;
  wanted.forEach(({ place }, i) => {
    if (place !== undefined) samples.set(place, made[i]);
    else if (samples.size < size) samples.push(made[i]);
    else {
      free ??= Array.from({ length: before }, (_, at) => at);
      samples.set(free.splice(Math.floor(random() * free.length), 1)[0], made[i]);
    }
  });
}

/** Whether a commit changed so much that it made all looks at once. No codes are kept for it: it may never be searched. */
function isBatch({ changed, postingCount }: Resampled): boolean {
  return changed >= waitFor(postingCount);
}

/** Does some of what the looks that are waited for will take, the first of them first. */
function* lookAhead(samples: List<Sample>, index: Resampled): Steps<void> {
  const whole = aheadBudget(index.config, Math.max(1, index.written.count));
  let budget = isBatch(index) ? whole : encodeAhead(index, whole);
  if (budget === 0) return;
  const { all, waiting: places } = viewOf(samples, index.config);
  const waiting = places.map((place) => all[place]);
  const unknown = waiting.filter((sample) => aheadOf(sample) === undefined);
  const rows = unknown.length === 0 ? undefined : yield* rowsOf(index, unknown);
  for (const sample of unknown) {
    const found = rows?.get(textOf(sample));
    if (found !== undefined) beginAhead(sample, index.config, found.columns, found.row);
  }
  yield* rehearseLook(index, waiting);
  for (const sample of waiting) {
    yield;
    budget = aheadOf(sample)?.goOn(index, budget) ?? budget;
    if (budget === 0) return;
  }
}

/** At most so many, others being taken out by lot. */
function fewer(samples: List<Sample>, most: number, random: () => number): List<Sample> {
  if (samples.size <= most) return samples;
  return samples.withMutations((list) => {
    while (list.size > most) remove(list, Math.floor(random() * list.size));
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
  for (const { row, born, waited } of wanted) {
    taken.push(looker.look(row, born, waited && aheadOf(waited)));
    yield;
  }
  return taken;
}

/** The samples whose postings are still there as they were. */
function* surviving(samples: List<Sample>, index: Resampled): Steps<List<Sample>> {
  const { doubtful } = index;
  if (doubtful.size === 0) return samples;
  const { all } = viewOf(samples, index.config);
  const doubted = all.filter(({ documentId }) => doubtful.has(documentId));
  if (doubted.length === 0) return samples;
  const rows = yield* rowsOf(index, doubted);
  return samples.withMutations((list) => {
    for (let place = all.length - 1; place >= 0; place--) {
      const sample = all[place];
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

/** The places of up to `count` samples that were looked for the longest ago. Time: O(sample · count), or O(n log n). */
function oldest(all: readonly Sample[], count: number): number[] {
  if (count === 0) return [];
  const places: number[] = [];
  for (let place = 0; place < all.length; place++) if (!isWaiting(all[place])) places.push(place);
  if (count > FEW) places.sort((a, b) => all[a].churn - all[b].churn || a - b);
  else {
    // One after the other to the front: to sort all takes a commit several times as long.
    for (let done = 0; done < Math.min(count, places.length); done++) {
      let first = done;
      for (let i = done + 1; i < places.length; i++) {
        const [a, b] = [all[places[i]].churn, all[places[first]].churn];
        if (a < b || (a === b && places[i] < places[first])) first = i;
      }
      [places[done], places[first]] = [places[first], places[done]];
    }
  }
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

/**
 * Tells whether a posting is in the sample or wanted: of a few postings by looking through both, as to make a set of all
 * would take a commit longer.
 */
function knownIn(
  samples: readonly Sample[],
  wanted: readonly Wanted[],
  asked: number,
): (key: PostingKey) => boolean {
  if (asked <= FEW) {
    const isSame =
      (key: PostingKey) =>
      (other: PostingKey): boolean =>
        other.start === key.start && other.length === key.length && other.documentId === key.documentId;
    return (key) => {
      const is = isSame(key);
      return samples.some(is) || wanted.some(({ row }) => is(keyOfRow(row.columns, row.row)));
    };
  }
  const known = new Set(samples.map(textOf));
  let taken = 0;
  return (key) => {
    for (; taken < wanted.length; taken++)
      known.add(textOf(keyOfRow(wanted[taken].row.columns, wanted[taken].row.row)));
    return known.has(textOf(key));
  };
}

/** Any posting that is not known, each with the same chance. */
function drawn(
  { shards, centroids: { chunks }, config }: Resampled,
  random: () => number,
  isKnown: (key: PostingKey) => boolean,
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
    if (!isKnown(keyOfRow(columns, row))) return found;
  }
  return undefined;
}
