import type { ShardexIndex } from 'shardex';
import { collectGarbage } from '../garbage.js';
import type { Library } from '../library.js';
import { checkThat } from './check-that.js';

/** The report of held versions names those that live, with the bytes that only each of them keeps. */
export async function countsWhatIsHeld(lib: Library): Promise<void> {
  const options = { dimensions: 2, metric: 'euclidean', shardCapacity: 8 } as const;
  const cell = new lib.CowShardexIndex(lib.createIndex(options));
  const kept: ShardexIndex[] = [];
  for (let n = 0; n < 25; n++) {
    cell.update((draft) => {
      for (let i = n * 5; i < n * 5 + 6; i++)
        draft.addPosting({ documentId: `d${i % 60}`, vector: [(i * 7) % 31, (i * 13) % 29] });
      draft.removeDocument(`d${(n * 11) % 60}`);
    });
    // Those in between die.
    if (n % 5 === 3) kept.push(cell.read());
  }
  const numbers = kept.map(({ version }) => version).join();
  const heldNumbers = (): string =>
    cell
      .held()
      .map(({ version }) => version)
      .join();
  await collectGarbage(() => heldNumbers() === numbers);
  checkThat(heldNumbers() === numbers, 'those that live are reported');
  let all = 0;
  cell.held().forEach(({ exclusiveBytes }, i) => {
    const others = new Set([cell.read(), ...kept].filter((index) => index !== kept[i]).flatMap(listed));
    const alone = listed(kept[i]).filter((block) => !others.has(block));
    const bytes = alone.reduce((sum, { byteLength }) => sum + byteLength, 0);
    all += bytes;
    checkThat(exclusiveBytes === bytes, 'the report counts what a version keeps alone');
  });
  checkThat(all > 0, 'some keep something alone');
}

function listed(index: ShardexIndex): { readonly byteLength: number }[] {
  return [...index.shards.values()].flatMap(({ rows }) => rows.segments.map(({ block }) => block));
}
