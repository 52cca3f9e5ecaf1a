/*
 * What is held by whom, what it costs, and the counters of the cell.
 */

import type { Costs } from '../api/costs.js';
import type { Timing } from '../../index.js';
import { get } from './client.js';
import { bytes, count, duration, percent } from './texts.js';
import { useAnswer } from './use-answer.js';

export function CostsPanel({ newest }: { readonly newest: number | undefined }) {
  const { value, error } = useAnswer(
    newest === undefined ? undefined : String(newest),
    () => get('costs'),
    1000,
  );
  if (error !== undefined) return <p role="alert">{error}</p>;
  if (value === undefined) return <p>…</p>;
  return (
    <>
      <Current {...value} />
      <h3>Old versions that live</h3>
      <Held held={value.held} />
      <h3>Counters</h3>
      <table>
        <tbody>
          {Object.entries(value.metrics).map(([name, number]) => (
            <tr>
              <th scope="row">{words(name)}</th>
              <td>{said(name, number)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </>
  );
}

function Current({ statistics }: Costs) {
  const { byteLength, liveByteLength, deadRowCount, shardSize, recordCount, recordByteLength, calibration } =
    statistics;
  const rows: [string, string][] = [
    ['rows in memory', `${bytes(byteLength)}, ${bytes(liveByteLength)} of them live`],
    ['dead rows', count(deadRowCount)],
    [
      'rows in a shard',
      `${count(shardSize.least)} to ${count(shardSize.most)}, ${shardSize.mean.toFixed(0)} on average (${percent(shardSize.utilization)} full)`,
    ],
    ['texts and metadata', `${bytes(recordByteLength)} of ${count(recordCount)} documents`],
    [
      'calibration',
      calibration === undefined
        ? 'none: small enough to be read as a whole'
        : `by ${count(calibration.sampleSize)} postings`,
    ],
  ];
  return (
    <table>
      <caption>The newest version</caption>
      <tbody>
        {rows.map(([name, value]) => (
          <tr>
            <th scope="row">{name}</th>
            <td>{value}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function Held({ held }: Pick<Costs, 'held'>) {
  if (held.length === 0) return <p>None: the garbage collector has freed all of them.</p>;
  return (
    <div class="scrolled" role="region" aria-label="Old versions" tabIndex={0}>
      <table>
        <thead>
          <tr>
            <th scope="col">Version</th>
            <th scope="col">Held by</th>
            <th scope="col">Alone</th>
            <th scope="col">Shared</th>
            <th scope="col">For</th>
          </tr>
        </thead>
        <tbody>
          {held.map((one) => (
            <tr data-held={one.version}>
              <th scope="row">{one.version}</th>
              <td>{holders(one)}</td>
              <td>{bytes(one.exclusiveBytes)}</td>
              <td>{bytes(one.sharedBytes)}</td>
              <td>{duration(one.ageMs)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function holders({ pins, tags, inHistory, writers }: Costs['held'][number]): string {
  const all = [
    ...pins.map(({ label }) => `pin ${label ?? 'without a label'}`),
    ...tags.map((tag) => `tag ${tag}`),
    ...(inHistory ? ['history'] : []),
    ...(writers > 0 ? [`${writers} open writers`] : []),
  ];
  return all.join(', ') || 'a variable, or not collected yet';
}

/** A name in the code as words. */
function words(name: string): string {
  return name.replace(/Ms$/, '').replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
}

function said(name: string, value: unknown): string {
  if (isTiming(value))
    return value.count === 0
      ? '0'
      : `${count(value.count)}, ${duration(value.meanMs)} on average, ${duration(value.maxMs)} at most`;
  if (typeof value === 'number')
    return /bytes|byteLength/i.test(name)
      ? bytes(value)
      : name.includes('Ms')
        ? duration(value)
        : count(value);
  return typeof value === 'string' ? value : '–';
}

function isTiming(value: unknown): value is Timing {
  return typeof value === 'object' && value !== null && 'meanMs' in value;
}
