// The calibration's sample as an array, made once for each sample: going through a persistent list takes far longer.
import type { List } from 'immutable';
import { type Sample, isWaiting } from '../calibration/calibration.js';
import type { ShardexConfig } from '../config.js';

/** A sample, read. */
export interface SampleView {
  readonly list: List<Sample>;
  /** All of it, by place. */
  readonly all: readonly Sample[];
  /** The places of those that are still to be looked for, those that wait the longest first. */
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
  for (let place = 0; place < all.length; place++) if (isWaiting(all[place])) waiting.push(place);
  waiting.sort((a, b) => all[a].churn - all[b].churn || a - b);
  const view = { list, all, waiting };
  views.set(config, view);
  return view;
}
