// The calibration's sample as an array, made once for each sample: going through a persistent list takes far longer.
import type { List } from 'immutable';
import { type Sample, isWaiting } from '../calibration/calibration.js';
import type { ShardexConfig } from '../config.js';

/** A sample, read. */
export interface SampleView {
  readonly list: List<Sample>;
  /** All of it, in the list's order. */
  readonly all: readonly Sample[];
  /** The indexes of waiting samples, the longest-waiting first. */
  readonly waiting: readonly number[];
}

/** The view that a lineage asked for last: a commit asks for that of the version before. */
const views = new WeakMap<ShardexConfig, SampleView>();

/** The view of a sample. Time: O(1) for the last one of the lineage, O(sample) for others. */
export function viewOf(list: List<Sample>, config: ShardexConfig): SampleView {
  const last = views.get(config);
  if (last?.list === list) return last;
  const all = list.toArray();
  const waiting: number[] = [];
  for (let at = 0; at < all.length; at++) if (isWaiting(all[at])) waiting.push(at);
  waiting.sort((a, b) => all[a].churn - all[b].churn || a - b);
  const view = { list, all, waiting };
  views.set(config, view);
  return view;
}
