import type { Pin, ShardexIndex } from 'shardex';
import { survivors } from '../garbage.js';
import type { Library } from '../library.js';
import { checkThat } from './check-that.js';

/** I8: a pin keeps its version for everyone until it is released, and then not for anyone. */
export async function releasesPins(lib: Library): Promise<void> {
  const cell = new lib.CowShardexIndex(lib.createIndex({ dimensions: 1 }));
  const refs: WeakRef<ShardexIndex>[] = [];
  const pinned = (): Pin => {
    const pin = cell.pin({ label: 'mine' });
    refs.push(new WeakRef(pin.index));
    return pin;
  };
  const pins = [pinned(), pinned()];
  cell.update((draft) => {
    draft.addPosting({ documentId: 'a', vector: [1] });
  });
  const named = (): number | undefined => cell.held().at(0)?.pins.length;
  checkThat(cell.versions().join() === '0,1', 'what is pinned can be had');
  checkThat(named() === 2, 'the report names its pins');
  pins[0].release();
  checkThat(cell.versions().join() === '0,1', 'as long as there is another pin');
  checkThat(named() === 1, 'a released pin is not named any more');
  pins[1].release();
  checkThat(
    pins.every(({ isReleased }) => isReleased),
    'released pins say so',
  );
  checkThat(cell.versions().join() === '1', 'after the last one it cannot be had any more');
  checkThat((await survivors(refs)) === 0, 'and is collected, though the pins are still here');
  checkThat(cell.held().length === 0 && pins.length === 2, 'and is not reported');
}
