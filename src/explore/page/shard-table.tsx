/*
 * The map as a table: the same shards, with what they share and in which order a search read them.
 */

import { useState } from 'preact/hooks';
import type { Found } from '../api/find.js';
import type { ShardMap } from '../api/shard-map.js';

/** Rows that are listed at first, and with every "more". */
const STEP = 200;

export function ShardTable({ map, found }: { readonly map: ShardMap; readonly found: Found | undefined }) {
  const [isOpen, setOpen] = useState(false);
  const [most, setMost] = useState(STEP);
  const order = new Map(found?.explanation.scanned.map((id, i) => [id, i + 1]));
  const rank = (id: number): number => order.get(id) ?? Infinity;
  const rows = isOpen ? [...map.shards].sort((a, b) => rank(a.id) - rank(b.id) || a.id - b.id) : [];
  return (
    <details
      onToggle={({ currentTarget }) => {
        setOpen(currentTarget.open);
      }}
    >
      <summary>Shards as a table</summary>
      {isOpen && (
        <div class="scrolled" role="region" aria-label="Shards" tabIndex={0}>
          <table>
            <thead>
              <tr>
                {found && <th scope="col">Read</th>}
                <th scope="col">Shard</th>
                <th scope="col">Rows</th>
                <th scope="col">Dead</th>
                {map.against && <th scope="col">State</th>}
                <th scope="col">Place</th>
              </tr>
            </thead>
            <tbody>
              {rows.slice(0, most).map(({ id, rows: live, dead, state, x, y }) => (
                <tr key={id} data-shard={id}>
                  {found && <td>{order.get(id) ?? ''}</td>}
                  <th scope="row">{id}</th>
                  <td>{live}</td>
                  <td>{dead}</td>
                  {map.against && <td>{state}</td>}
                  <td>
                    {x.toPrecision(3)}, {y.toPrecision(3)}
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
          {rows.length > most && (
            <button
              type="button"
              onClick={() => {
                setMost(most + STEP);
              }}
            >
              {rows.length - most} more
            </button>
          )}
        </div>
      )}
    </details>
  );
}
