// Searches with filters by the share of what passes, beside other engines.
import { type CowShardexIndex, search } from '../../../dist/index.js';
import { count, rounded, time } from '../../../demo/units.js';
import type { DataSet } from '../../data-sets/data-set.js';
import { rowOf } from '../../data-sets/matrix.js';
import type { Drawn, Peer } from '../../engines/filtered.js';
import type { Table } from '../../result.js';
import { K, nearestOf, recallOf, timeOf, wantedOf, whereOf } from './drawn.js';

export type Note = (what: string, value: number, unit: string) => void;

/** A table of our time and recall, and those of each peer, for each share and way of passing. */
export async function byShare(
  set: DataSet,
  drawn: readonly Drawn[],
  cell: CowShardexIndex<Drawn>,
  peers: readonly Peer[],
  shares: readonly number[],
  note: Note,
): Promise<Table> {
  const index = cell.read();
  const queries = Array.from({ length: set.queries.rows }, (_, q) => rowOf(set.queries, q));
  const prefix = `${count(drawn.length)} documents`;
  const unfiltered = (): void => {
    for (const query of queries) search(index, query, { k: K });
  };
  unfiltered();
  const plain = await timeOf(unfiltered, queries.length);
  note(`${prefix}, unfiltered`, plain, 'µs');
  const rows: string[][] = [];
  for (const field of ['chance', 'place'] as const)
    for (const share of shares) {
      const wanted = wantedOf(drawn, field, share);
      if (wanted.passing.size === 0) continue;
      const where = whereOf(wanted);
      const truth = queries.map((query) => nearestOf(set, wanted, query));
      const found = queries.map((query) =>
        search(index, query, { k: K, where }).map(({ documentId }) => Number(documentId)),
      );
      const took = await timeOf(() => {
        for (const query of queries) search(index, query, { k: K, where });
      }, queries.length);
      const recall = recallOf(found, truth);
      const name = `${rounded(100 * share)} % by ${field}`;
      note(`${prefix}, ${name}`, took, 'µs');
      note(`${prefix}, ${name}, recall`, recall, '');
      const row = [
        `${name} (${count(wanted.passing.size)})`,
        time(took / 1000),
        recall.toFixed(3),
        `${rounded(took / plain)} ×`,
      ];
      for (const peer of peers) {
        const theirs = await measured(peer, queries, wanted, truth, recall);
        note(`${prefix}, ${name}, ${peer.name}`, theirs.took, 'µs');
        note(`${prefix}, ${name}, ${peer.name}, recall`, theirs.recall, '');
        row.push(time(theirs.took / 1000), theirs.recall.toFixed(3));
      }
      rows.push(row);
    }
  return {
    caption: `Searches of ${count(drawn.length)} definitions, of which some pass; without a filter one takes ${time(plain / 1000)}.`,
    head: [
      'passing',
      'Shardex',
      'recall',
      'to unfiltered',
      ...peers.flatMap(({ name }) => [name, 'its recall']),
    ],
    rows,
  };
}

/** A peer at the least setting that finds as much, or at the greatest. */
async function measured(
  peer: Peer,
  queries: readonly Float32Array[],
  wanted: Parameters<Peer['find']>[2],
  truth: readonly (readonly number[])[],
  least: number,
): Promise<{ readonly took: number; readonly recall: number }> {
  const run = async (): Promise<(readonly number[])[]> => {
    const found: (readonly number[])[] = [];
    for (const query of queries) {
      const rows = peer.find(query, K, wanted);
      found.push(rows instanceof Promise ? await rows : rows);
    }
    return found;
  };
  let recall = 0;
  for (const setting of peer.settings) {
    peer.set?.(setting);
    recall = recallOf(await run(), truth);
    if (recall >= least) break;
  }
  return { took: await timeOf(run, queries.length), recall };
}
