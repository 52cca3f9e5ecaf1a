/*
 * What the cell publishes, as it comes: at most ten events a second, whatever is written.
 */

import { useEffect, useState } from 'preact/hooks';
import type { Published } from '../live.js';

/** Where the cell is. */
export interface Live {
  readonly last?: Published;
  /** Commits that were seen since the page was opened. */
  readonly commits: number;
  readonly isConnected: boolean;
}

/** Follows the cell. */
export function useLive(): Live {
  const [live, setLive] = useState<Live>({ commits: 0, isConnected: false });
  useEffect(() => {
    const source = new EventSource('api/live');
    source.onmessage = ({ data }: MessageEvent<string>) => {
      const last = JSON.parse(data) as Published;
      setLive(({ commits }) => ({ last, commits: commits + last.commits, isConnected: true }));
    };
    source.onerror = () => {
      setLive((before) => ({ ...before, isConnected: false }));
    };
    return () => {
      source.close();
    };
  }, []);
  return live;
}
