// What is done once: a filter that was never asked for, a search of the next version, an edit of metadata.
import { median } from 'd3-array';
import { type CowShardexIndex, type Filter, search } from '../../../dist/index.js';
import { count, rounded, time } from '../../../demo/units.js';
import type { Drawn } from '../../engines/filtered.js';
import type { Table } from '../../result.js';
import type { Note } from './by-share.js';
import { K, once } from './drawn.js';

/** Filters that were never asked for, and commits, each of which is timed once. */
const ONCE = 31;
/** Commits that edits are timed over, and how often. */
const [EDITS, ROUNDS] = [1000, 5];

/** What the first use of a filter takes more than later ones. To be called before any filter was used. */
export function firstUse(cell: CowShardexIndex<Drawn>, queries: readonly Float32Array[], note: Note): Table {
  const more = (i: number, where: Filter<Drawn>): readonly [first: number, second: number] => {
    const find = (): unknown => search(cell.read(), queries[i % queries.length], { k: K, where });
    const [first, second] = [once(find), once(find)];
    const known = once(find);
    return [first - known, second - known];
  };
  const rows: string[][] = [];
  const row = (what: string, found: readonly (readonly [number, number])[]): void => {
    const [first, second] = [0, 1].map((at) => median(found, (pair) => pair[at]) ?? 0);
    note(what, 1000 * first, 'µs');
    note(`${what}, second time`, 1000 * second, 'µs');
    rows.push([what, time(Math.max(0, first)), time(Math.max(0, second))]);
  };
  // Nothing was compiled yet: one of its kind.
  row('the very first filter of the process, indexed, 50 %', [more(0, { chance: { $lt: 0.5 } })]);
  row('the first one that is not indexed, 50 %', [more(1, { bare: { $lt: 0.5 } })]);
  for (const field of ['chance', 'bare'] as const)
    for (const share of [0.5, 0.01]) {
      const what = `${field === 'bare' ? 'not ' : ''}indexed, ${rounded(100 * share)} %`;
      const found = Array.from({ length: ONCE }, (_, i) => {
        const bound = { $lt: share + (i + 1) * 1e-6 };
        return more(i, field === 'bare' ? { bare: bound } : { chance: bound });
      });
      row(what, found);
    }
  return {
    caption: `A filter never asked for before: what the first and the second search with it take more than the third (medians of ${ONCE}).`,
    head: ['filter', 'first', 'second'],
    rows,
  };
}

/** How much longer the first search of the next version takes than the last one of the version before. */
export function nextVersion(
  cell: CowShardexIndex<Drawn>,
  queries: readonly Float32Array[],
  note: Note,
): Table {
  const commits = {
    'an edit of metadata': (i: number): unknown =>
      cell.update((draft) => {
        draft.editMetadata(String(i), (d) => void (d.chance = (d.chance + 0.37) % 1));
      }),
    'a posting more': (i: number): unknown =>
      cell.update((draft) => {
        draft.addPosting({ documentId: String(i), start: 1, vector: queries[i % queries.length] });
      }),
  };
  const rows = Object.entries(commits).map(([what, commit]) => [
    what,
    ...[undefined, { chance: { $lt: 0.1 } }].map((where) => {
      const ratios = Array.from({ length: ONCE }, (_, i) => {
        const find = (): unknown =>
          search(cell.read(), queries[i % queries.length], { k: K, ...(where !== undefined && { where }) });
        find();
        const before = once(find);
        commit(i);
        return once(find) / before;
      });
      const middle = median(ratios) ?? 0;
      note(`first search after ${what}, ${where === undefined ? 'unfiltered' : '10 %'}`, middle, '×');
      return `${rounded(middle)} ×`;
    }),
  ]);
  return {
    caption: `The first search after a commit, to the same one before it (medians of ${ONCE}).`,
    head: ['commit', 'without a filter', '10 % pass'],
    rows,
  };
}

/** What an edit of the metadata of one document takes in a commit of its own. */
export function editTable(cells: readonly CowShardexIndex<Drawn>[], note: Note): Table {
  const rows = cells.map((cell) => {
    const { documentCount } = cell.read();
    const edit =
      (field: 'bare' | 'chance') =>
      (i: number): unknown =>
        cell.update((draft) => {
          draft.editMetadata(
            String((i * 7919) % documentCount),
            (d) => void (d[field] = (d[field] + 0.37) % 1),
          );
        });
    const times = ([edit('bare'), edit('chance')] as const).map((one) => {
      const found = Array.from({ length: ROUNDS }, () =>
        once(() => {
          for (let i = 0; i < EDITS; i++) one(i);
        }),
      );
      return Math.min(...found) / EDITS;
    });
    note(`edit of a field, ${count(documentCount)} documents`, 1000 * times[0], 'µs');
    note(`edit of an indexed field, ${count(documentCount)} documents`, 1000 * times[1], 'µs');
    return [`${count(documentCount)} documents`, ...times.map(time)];
  });
  return {
    caption: `\`editMetadata\` of one document in a commit of its own, the least of ${ROUNDS} rounds of ${count(EDITS)}.`,
    head: ['', 'a field', 'an indexed field'],
    rows,
  };
}
