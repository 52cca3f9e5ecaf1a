/* The logs that tests run over in a page, in the place of those of `test/store/support/logs.ts`. */

import { indexedDbLog } from 'shardex/indexeddb';
import type { LogKind } from '../../store/support/logs.js';

export const temporaryFolder = (): (() => string) => () => '';

export const sqliteDrivers = (): Promise<readonly never[]> => Promise.resolve([]);

let logs = 0;

export function logKinds(): Promise<readonly LogKind[]> {
  const kind: LogKind = {
    name: 'IndexedDB',
    place: () => {
      const name = `log ${++logs}`;
      return () => indexedDbLog(name);
    },
  };
  return Promise.resolve([kind]);
}
