import type { Commit } from 'shardex';
import type { Library } from '../library.js';
import { checkThat } from './check-that.js';

/** I9: every listener is told of every version once and in order, also where others throw or commit. */
export function tellsWatchers(lib: Library): void {
  const errors: unknown[] = [];
  const cell = new lib.CowShardexIndex(lib.createIndex({ dimensions: 1 }), {
    onError: (error) => errors.push(error),
  });
  const add = (documentId: string): void => {
    cell.update((draft) => {
      draft.addPosting({ documentId, vector: [1] });
    });
  };
  const told: number[][] = [[], [], []];
  const listener =
    (n: number, react: (commit: Commit) => void = () => undefined) =>
    (commit: Commit): void => {
      told[n].push(commit.version);
      react(commit);
    };
  const failure = new Error('mine');
  cell.subscribe(
    listener(0, ({ version }) => {
      if (version === 2) throw failure;
    }),
  );
  cell.subscribe(
    listener(1, ({ version }) => {
      if (version === 3) add('from a listener');
    }),
  );
  cell.subscribe(listener(2));
  for (let i = 0; i < 5; i++) add(`d${i}`);
  for (const versions of told)
    checkThat(versions.join() === '1,2,3,4,5,6', 'a listener is told of each version once and in order');
  checkThat(errors.length === 1 && errors[0] === failure, 'what a listener throws is told');
}
