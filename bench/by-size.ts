// Times operations in indexes of several sizes, for the suites on commits and deletions.
import { count } from '../demo/units.js';
import type { Options } from './options.js';
import type { Chart, Measurement, Table } from './result.js';
import { type Timed, type Way, cell, isNoisy, ratio, timed } from './stopwatch.js';
import { sizes } from './synthetic.js';

/** How long some operations take in indexes of several sizes. */
export interface BySize {
  readonly shards: readonly number[];
  readonly series: readonly { readonly name: string; readonly times: readonly Timed[] }[];
}

/** Times the same operations in one index after another; `prepare` makes an index, and what is to be done with it. Sizes beyond `most` are left out. */
export async function timedBySize(
  { quick }: Options,
  prepare: (size: number) => { readonly shards: number; readonly ways: readonly Way[] },
  most = Infinity,
): Promise<BySize> {
  const series = new Map<string, Timed[]>();
  const shards: number[] = [];
  for (const size of sizes(quick).filter((one) => one <= most)) {
    const at = prepare(size);
    shards.push(at.shards);
    for (const { name, run } of at.ways) {
      const found = await timed(run, quick ? 0.3 : 3);
      console.log(`${count(at.shards)} shards, ${name}: ${cell(found)}`);
      series.set(name, [...(series.get(name) ?? []), found]);
    }
  }
  console.log();
  return { shards, series: [...series].map(([name, times]) => ({ name, times })) };
}

export function timesTable({ shards, series }: BySize, title: string): Table {
  return {
    caption: `${title}, by number of shards; the last column is how many times as long the last size takes as the first.`,
    head: ['', ...shards.map(count), 'growth'],
    rows: series.map(({ name, times }) => [
      name,
      ...times.map(cell),
      ratio(times[times.length - 1], times[0]),
    ]),
  };
}

export function timesChart({ shards, series }: BySize, title: string, file: string): Chart {
  return {
    file,
    title,
    x: { title: 'shards', scale: 'log', unit: 'number' },
    y: { title: 'time', scale: 'log', unit: 'seconds' },
    series: series.map(({ name, times }) => ({
      name,
      points: times
        .map(({ seconds, rme }, s) => ({ at: [shards[s], seconds] as const, rme }))
        .filter(({ rme }) => !isNoisy(rme))
        .map(({ at }) => at),
    })),
  };
}

export function measurements({ shards, series }: BySize): Measurement[] {
  return series.flatMap(({ name, times }) =>
    times.map(({ seconds, rme, samples }, s) => ({
      what: name,
      shards: shards[s],
      value: seconds,
      unit: 's',
      rme,
      samples,
    })),
  );
}
