// Figures of the suite on searches.
import { group } from 'd3-array';
import type { Measured, Outcome, Point } from '../../engines/measured.js';
import type { Chart, Measurement } from '../../result.js';

/** What an engine did with a data set, or why it did not. */
export interface Of {
  readonly name: string;
  readonly outcome: Outcome;
}

/** A knob of an engine with all of its settings. */
export interface Series {
  readonly engine: string;
  readonly name: string;
  readonly points: readonly Point[];
  readonly measured: Measured;
}

/** Those that ran. */
export function ran(found: readonly Of[]): { name: string; measured: Measured }[] {
  return found.flatMap(({ name, outcome }) =>
    'measured' in outcome ? [{ name, measured: outcome.measured }] : [],
  );
}

/** All knobs that were turned, those of Shardex first. */
export function seriesOf(found: readonly Of[]): Series[] {
  return ran(found).flatMap(({ name, measured }) =>
    [...group(measured.points, ({ knob }) => knob)].map(([knob, points]) => ({
      engine: name,
      name: `${name}, ${knob}`,
      points,
      measured,
    })),
  );
}

export function chartOf(file: string, title: string, found: readonly Of[]): Chart {
  return {
    file,
    title: `Recall@10 and searches a second: ${title}`,
    x: { title: 'searches a second', scale: 'log', unit: 'number' },
    y: { title: 'recall@10', scale: 'linear', unit: 'number' },
    series: seriesOf(found).map(({ name, points }) => ({
      name,
      points: [...points]
        .sort((a, b) => a.recall - b.recall)
        .map(({ perSecond, recall }) => [perSecond, recall]),
    })),
  };
}

export function measurementsOf(set: string, found: readonly Of[]): Measurement[] {
  return ran(found).flatMap(({ name, measured }) => {
    const of = (what: string, value: number | undefined, unit: string): Measurement[] =>
      value === undefined ? [] : [{ what: `${set}, ${name}: ${what}`, value, unit }];
    const { rows, buildMs, memory, points, exact, batch, adding } = measured;
    return [
      ...of('vectors', rows, 'vectors'),
      ...of('build', buildMs / 1000, 's'),
      ...of('resident before', memory.before, 'bytes'),
      ...of('resident when built', memory.built, 'bytes'),
      ...of('resident when searched', memory.searched, 'bytes'),
      ...points.flatMap(({ knob, value, recall, perSecond }) => [
        ...of(`${knob} ${value}, recall@10`, recall, 'share'),
        ...of(`${knob} ${value}, speed`, perSecond, 'queries/s'),
      ]),
      ...of('exact, one query', exact?.one, 'ns/vector'),
      ...of('exact, many queries', exact?.batch, 'ns/vector'),
      ...of(`many queries, ${batch?.setting}`, batch?.perSecond, 'queries/s'),
      ...of('add, mean', adding && adding.mean / 1000, 's'),
      ...of('add, median', adding && adding.median / 1000, 's'),
      ...of('search, mean', adding && adding.still.mean / 1000, 's'),
      ...of('search after an addition, mean', adding && adding.afterEach.mean / 1000, 's'),
      ...of('search, median', adding && adding.still.median / 1000, 's'),
      ...of('search after an addition, median', adding && adding.afterEach.median / 1000, 's'),
    ];
  });
}
