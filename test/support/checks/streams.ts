import type { Commit } from 'shardex';
import type { Library } from '../library.js';
import { checkThat } from './check-that.js';

/** I9: a stream gives every commit as it was, however slowly it is taken; joined only where that was asked for. */
export async function streamsEveryCommit(lib: Library): Promise<void> {
  const cell = new lib.CowShardexIndex(lib.createIndex({ dimensions: 1 }));
  const each = cell.changes();
  const joined = cell.changes({ coalesce: true });
  for (let i = 0; i < 5; i++) {
    cell.update((draft) => {
      draft.addPosting({ documentId: `d${i}`, vector: [i] });
    });
  }
  cell.close();
  checkThat(
    (await steps(each)) === '0-1,1-2,2-3,3-4,4-5',
    'each commit comes once, in order, as it was made',
  );
  checkThat((await steps(joined)) === '0-5', 'commits that are joined span all of them');
}

async function steps(stream: AsyncIterable<Commit>): Promise<string> {
  const seen: string[] = [];
  for await (const { previous, version } of stream) seen.push(`${previous.version}-${version}`);
  return seen.join();
}
