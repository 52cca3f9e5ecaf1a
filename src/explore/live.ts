/*
 * The stream of what is published, as server-sent events. However many commits come, an event is sent at most every tenth of a
 * second, and none while the last one has not been taken: it says where the cell is now, and how many commits that took.
 */

import type { ReadableCell, ShardexIndex } from '../index.js';
import { quietTimeout } from '../host/quiet-timeout.js';
import type { Outgoing } from './node.js';

/** What an event says. */
export interface Published {
  readonly version: number;
  /** Commits since the last event. */
  readonly commits: number;
  readonly postings: number;
  readonly documents: number;
  readonly shards: number;
}

/** Milliseconds between two events. */
const EVERY_MS = 100;

/** Streams what a cell publishes; returns what ends the stream. */
export function liveStream(cell: ReadableCell, out: Outgoing): () => void {
  let commits = 0;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const tell = (index: ShardexIndex): void => {
    out.write(`data: ${JSON.stringify(publishedOf(index, commits))}\n\n`);
    commits = 0;
  };
  const wait = (): void => {
    timer = quietTimeout(() => {
      timer = undefined;
      if (commits === 0) return;
      if (!out.writableNeedDrain) tell(cell.read());
      wait();
    }, EVERY_MS);
  };
  const unsubscribe = cell.isClosed
    ? () => undefined
    : cell.subscribe(() => {
        commits++;
        if (timer === undefined) wait();
      });
  tell(cell.read());
  return () => {
    unsubscribe();
    clearTimeout(timer);
    out.end();
  };
}

function publishedOf(index: ShardexIndex, commits: number): Published {
  const { version, postingCount, documentCount, shardCount } = index;
  return { version, commits, postings: postingCount, documents: documentCount, shards: shardCount };
}
