import { group } from 'd3-array';
import { count, rounded } from '../../../demo/units.js';
import type { Measurement, Table } from '../../result.js';
import type { Cell } from './cells.js';
import type { Stage } from './drift.js';

/** What is missing of what was asked for, and still counts as found. */
const TOLERANCE = 0.02;
/** Standard errors that are taken for chance. */
const CHANCE = 2;
/** More rows than the best fixed setting scans, by this factor, are too many. */
const MOST_ROWS = 1.3;

/** Cells of one data set. */
export interface Of {
  readonly title: string;
  readonly cells: readonly Cell[];
}

export function cellOf({ got, scanned, fixed }: Cell): string {
  return `${got.toFixed(3)} · ${count(Math.round(scanned))} · ${rounded(scanned / fixed)} ×`;
}

/** A table of a data set: a line for each size and `k`, a column for each recall. */
export function tableOf({ title, cells }: Of): Table {
  const lines = [...group(cells, ({ rows, k }) => `${rows} ${k}`).values()];
  return {
    caption: `${title[0].toUpperCase()}${title.slice(1)}: the recall that was found, the rows that were scanned for it, and how many times those that the best fixed \`slopFactor\` scans which finds as much.`,
    head: ['vectors', 'k', ...lines[0].map(({ asked }) => `asked for ${asked}`)],
    rows: lines.map((line) => [count(line[0].rows), count(line[0].k), ...line.map(cellOf)]),
  };
}

/** The worst of each data set. */
export function summaryOf(all: readonly Of[]): Table {
  return {
    caption: `The worst of each data set: what is missing most of what was asked for (found less asked for), and the most rows against the best fixed setting. Sure is what is short by more than ${CHANCE} standard errors, too.`,
    head: [
      '',
      'cells',
      'least found',
      'in',
      `short by over ${TOLERANCE}`,
      'for sure',
      'most rows',
      'in',
      `over ${MOST_ROWS} ×`,
    ],
    rows: all.map(({ title, cells }) => {
      const [short, wide] = [worst(cells, (cell) => -excess(cell)), worst(cells, ratio)];
      return [
        title,
        count(cells.length),
        signed(excess(short)),
        placeOf(short),
        count(cells.filter((cell) => excess(cell) < -TOLERANCE).length),
        count(cells.filter((cell) => excess(cell) + CHANCE * cell.error < -TOLERANCE).length),
        `${rounded(ratio(wide))} ×`,
        placeOf(wide),
        count(cells.filter((cell) => ratio(cell) > MOST_ROWS).length),
      ];
    }),
  };
}

/** What became of recall while the contents changed. */
export function driftTable(title: string, stages: readonly Stage[]): Table {
  return {
    caption: `${title[0].toUpperCase()}${title.slice(1)}: the recall that was found.`,
    head: ['', 'vectors', 'queries like', ...stages[0].answers.map(({ asked }) => `asked for ${asked}`)],
    rows: stages.map(({ name, rows, like, answers }) => [
      name,
      count(rows),
      like,
      ...answers.map(({ got }) => got.toFixed(3)),
    ]),
  };
}

export function measurementsOf(all: readonly Of[]): Measurement[] {
  return all.flatMap(({ title, cells }) => [
    { what: `${title}: least found, less asked for`, value: Math.min(...cells.map(excess)), unit: 'share' },
    {
      what: `${title}: most rows against the best fixed setting`,
      value: Math.max(...cells.map(ratio)),
      unit: '×',
    },
  ]);
}

/** What was found beyond what was asked for. */
export function excess({ got, asked }: { readonly got: number; readonly asked: number }): number {
  return got - asked;
}

export function signed(n: number): string {
  return `${n < 0 ? '−' : '+'}${Math.abs(n).toFixed(3)}`;
}

function ratio({ scanned, fixed }: Cell): number {
  return scanned / fixed;
}

function worst<T>(of: readonly T[], by: (one: T) => number): T {
  return of.reduce((most, one) => (by(one) > by(most) ? one : most));
}

function placeOf({ rows, k, asked }: Cell): string {
  return `${count(rows)}, k ${k}, ${asked}`;
}
