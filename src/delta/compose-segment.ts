/*
 * One segment through two consecutive deltas: its buried rows and runs are put in terms of the first delta's base.
 */

import type { ShardId } from '../version/shard.js';
import { type Run, type SegmentChange, type ShardChange, isBlock } from './changes.js';

/** Shard changes of a delta, by id. */
export type ShardChanges = ReadonlyMap<ShardId, ShardChange>;

/**
 * Composes a segment of the second delta; `onto` is the first delta's change of its shard, if the second builds on
 * that.
 */
export function composeSegment(
  first: ShardChanges,
  onto: ShardChange | undefined,
  change: SegmentChange,
): SegmentChange {
  const added = change.runs.flatMap((run) => [...resolveRun(first, run)]);
  if (change.keeps < 0 || onto === undefined) return { ...change, runs: added };
  const kept = onto.segments[change.keeps];
  if (change.buried.length === 0 && added.length === 0 && change.visible === kept.visible) return kept;
  const dead = new Set(change.buried);
  const runs = kept.runs.flatMap((run) => [...runsWithout(run, dead)]);
  // The buried rows that remain are the base's.
  for (const { at, count } of kept.runs) for (let i = 0; i < count; i++) dead.delete(at + i);
  return {
    keeps: kept.keeps,
    capacity: kept.capacity,
    visible: change.visible,
    buried: [...kept.buried, ...dead].sort((x, y) => x - y),
    runs: [...runs, ...added],
    ...(change.segment && { segment: change.segment }),
  };
}

/** Resolves a run of the second delta to sources in the first one's base. */
function* resolveRun(first: ShardChanges, run: Run): Generator<Run> {
  const { from, count } = run;
  const segment = isBlock(from) ? undefined : first.get(from.shard)?.segments[from.segment];
  if (isBlock(from) || segment === undefined) {
    yield run;
    return;
  }
  let done = 0;
  while (done < count) {
    const row = run.row + done;
    const source = segment.runs.find(({ at, count: rows }) => row < at + rows);
    const at = run.at + done;
    if (source !== undefined && source.at <= row) {
      const length = Math.min(count - done, source.at + source.count - row);
      yield { at, count: length, from: source.from, row: source.row + row - source.at };
      done += length;
    } else {
      const length = Math.min(count - done, (source?.at ?? Infinity) - row);
      yield { at, count: length, from: { shard: from.shard, segment: segment.keeps }, row };
      done += length;
    }
  }
}

/** Splits a run around the rows that die. */
function* runsWithout(run: Run, dead: ReadonlySet<number>): Generator<Run> {
  let start = 0;
  for (let i = 0; i <= run.count; i++) {
    if (i < run.count && !dead.has(run.at + i)) continue;
    if (i > start) yield { at: run.at + start, count: i - start, from: run.from, row: run.row + start };
    start = i + 1;
  }
}
