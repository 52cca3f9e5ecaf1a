// The tables of the suite on searches.
import { bytes, count, rounded, time } from '../../../demo/units.js';
import { speedAt } from '../../engines/at-recall.js';
import type { Table } from '../../result.js';
import { type Of, type Series, ran, seriesOf } from './figures.js';

const RECALLS = [0.9, 0.95, 0.99];
const NONE = '–';

/** The data set that was searched. */
export interface About {
  readonly title: string;
  readonly rows: number;
  readonly dimensions: number;
  readonly queries: number;
}

/** What was found for a data set, as tables, each of which says which data set it was. */
export function tablesOf(about: About, found: readonly Of[]): Table[] {
  return [atRecalls(about, found), ...[ratios, settings, exact, many, adding].map((table) => table(found))]
    .filter(({ rows }) => rows.length > 0)
    .map((table) => ({ ...table, caption: `${capital(about.title)}: ${table.caption}` }));
}

function atRecalls({ rows: all, dimensions, queries }: About, found: readonly Of[]): Table {
  const rows = seriesOf(found).map(({ name, points, measured: { parameters, buildMs, memory } }) => [
    `${name} (${parameters})`,
    time(buildMs),
    bytes(memory.built - memory.before),
    bytes(memory.searched - memory.before),
    bytes(memory.built),
    ...RECALLS.map((recall) => speedCell(points, recall)),
  ]);
  const failed = found.flatMap(({ name, outcome }) =>
    'failed' in outcome ? [[`${name} did not run: ${outcome.failed}`, ...Array<string>(7).fill(NONE)]] : [],
  );
  return {
    caption: `${count(all)} of ${dimensions} dimensions (${bytes(4 * all * dimensions)} of numbers), ${count(queries)} queries. Searches a second at a recall, and what it takes to build.`,
    head: [
      'engine, knob',
      'built in',
      'memory added',
      'when searched',
      'process in all',
      ...RECALLS.map((recall) => `at recall ${recall}`),
    ],
    rows: [...rows, ...failed],
  };
}

function ratios(found: readonly Of[]): Table {
  const all = seriesOf(found);
  const rows = all
    .filter(isOurs)
    .flatMap((ours) =>
      all
        .filter((series) => !isOurs(series))
        .map((theirs) => [
          `${ours.name}, against ${theirs.engine}`,
          ...RECALLS.map((recall) => ratioCell(ours, theirs, recall)),
          `${rounded(theirs.measured.buildMs / ours.measured.buildMs)} ×`,
          memoryCell(ours, theirs),
        ]),
    );
  return {
    caption:
      'how many times as many searches a second Shardex makes, how many times as fast it builds, and how many times the memory that its index adds the other one adds; below 1 the other is better.',
    head: ['', ...RECALLS.map((recall) => `at recall ${recall}`), 'building', 'memory added'],
    rows,
  };
}

function settings(found: readonly Of[]): Table {
  return {
    caption: 'each setting.',
    head: ['', 'recall@10', 'searches a second'],
    rows: seriesOf(found).flatMap(({ name, points }) =>
      points.map(({ value, recall, perSecond }) => [
        `${name} ${value}`,
        recall.toFixed(3),
        rounded(perSecond),
      ]),
    ),
  };
}

function exact(found: readonly Of[]): Table {
  const all = ran(found).flatMap(({ name, measured: { rows, exact: times } }) =>
    times === undefined ? [] : [{ name: name === 'Shardex' ? "Shardex, 'all'" : name, rows, times }],
  );
  const ours = all.find(({ name }) => name.startsWith('Shardex'))?.times;
  return {
    caption:
      'exact search. Time for each vector there is, searching for one query at a time, and for many in one call.',
    head: ['', 'vectors', 'recall@10', 'one query', 'Shardex is', 'many queries', 'Shardex is'],
    rows: all.map(({ name, rows, times: { one, batch, recall } }) => [
      name,
      count(rows),
      recall.toFixed(3),
      time(one / 1e6),
      timesAsFast(one, ours?.one),
      batch === undefined ? NONE : time(batch / 1e6),
      // Where there is no call for many, they are searched for one by one.
      timesAsFast(batch ?? one, ours?.batch ?? ours?.one),
    ]),
  };
}

function many(found: readonly Of[]): Table {
  return {
    caption: 'all queries in one call, on one thread.',
    head: ['', 'recall@10', 'searches a second', 'one by one', 'ratio'],
    rows: ran(found).flatMap(({ name, measured: { batch } }) =>
      batch === undefined
        ? []
        : [
            [
              `${name}, ${batch.setting}`,
              batch.recall.toFixed(3),
              rounded(batch.perSecond),
              rounded(batch.one),
              `${rounded(batch.perSecond / batch.one)} ×`,
            ],
          ],
    ),
  };
}

function adding(found: readonly Of[]): Table {
  const all = ran(found).flatMap(({ name, measured: { adding: times } }) =>
    times === undefined ? [] : [{ name, times }],
  );
  const ours = all.find(({ name }) => name === 'Shardex')?.times;
  return {
    caption:
      'adding one vector to the full index, for the next search to find it (Shardex: a commit, and the versions before stay as they are); and a search after each of them, against searches without any. Mean, and in brackets the median. A vector is seen if the next search for it returns it.',
    head: ['', 'add', 'seen', 'Shardex is', 'search', 'search after each', 'ratio'],
    rows: all.map(({ name, times }) => [
      `${name}, ${times.setting}`,
      both(times),
      `${(100 * times.found).toFixed(1)} %`,
      timesAsFast(times.mean, ours?.mean),
      both(times.still),
      both(times.afterEach),
      `${rounded(times.afterEach.mean / times.still.mean)} (${rounded(times.afterEach.median / times.still.median)})`,
    ]),
  };
}

function isOurs({ engine }: Series): boolean {
  return engine === 'Shardex';
}

/** A small index may add nothing that can be told from what its process has anyway. */
function memoryCell(ours: Series, theirs: Series): string {
  const [one, other] = [added(ours), added(theirs)];
  return Math.min(one, other) <= 0 ? NONE : `${rounded(other / one)} ×`;
}

function added({ measured: { memory } }: Series): number {
  return memory.built - memory.before;
}

function speedCell(points: Series['points'], recall: number): string {
  const speed = speedAt(points, recall);
  return speed === undefined ? NONE : `${speed.atLeast ? '≥ ' : ''}${rounded(speed.perSecond)}`;
}

/** Of what is surely reached: a speed that is only a least one makes the ratio uncertain, which the sign says. */
function ratioCell(ours: Series, theirs: Series, recall: number): string {
  const [one, other] = [speedAt(ours.points, recall), speedAt(theirs.points, recall)];
  if (one === undefined || other === undefined) return NONE;
  const sign = one.atLeast === other.atLeast ? (one.atLeast ? '~ ' : '') : one.atLeast ? '≥ ' : '≤ ';
  return `${sign}${rounded(one.perSecond / other.perSecond)} ×`;
}

function timesAsFast(theirs: number, ours: number | undefined): string {
  return ours === undefined ? NONE : `${rounded(theirs / ours)} × as fast`;
}

function both({ mean, median }: { readonly mean: number; readonly median: number }): string {
  return `${time(mean)} (${time(median)})`;
}

function capital(text: string): string {
  return text[0].toUpperCase() + text.slice(1);
}
