// The tables of the suite on recall.
import { group } from 'd3-array';
import { count, rounded } from '../../../demo/units.js';
import type { Measurement, Table } from '../../result.js';
import type { Cell } from './measured.js';

/** What is missing of what was asked for, and still counts as found. */
const TOLERANCE = 0.02;
/** Standard errors that are taken for chance. */
const CHANCE = 2;
/** More rows than the best fixed setting scans, by this factor, are too many. */
const MOST_ROWS = 1.3;

/** Cells of one data set, or of one that changes. */
export interface Of {
  readonly title: string;
  readonly cells: readonly Cell[];
}

/** A line of cells as it is printed while the others are measured. */
export function said(line: readonly Cell[]): string {
  const [{ where }] = line;
  return [where.padEnd(36), ...line.map((cell) => `${cell.asked}: ${told(cell)}`)].join('   ');
}

function told(cell: Cell): string {
  return `${cell.got.toFixed(3)} · ${count(Math.round(cell.scanned))} · ${rounded(ratio(cell))} ×`;
}

/** All cells, a column for each recall. */
export function tableOf({ title, cells }: Of): Table {
  const lines = [...group(cells, ({ where }) => where).values()];
  return {
    caption: `${title[0].toUpperCase()}${title.slice(1)}: the recall that was found, the rows that were scanned for it, and how many times those that the best fixed \`slopFactor\` scans which finds as much.`,
    head: ['', 'vectors', ...lines[0].map(({ asked }) => `asked for ${asked}`)],
    rows: lines.map((line) => [line[0].where, count(line[0].rows), ...line.map(told)]),
  };
}

/** The worst of each. */
export function summaryOf(all: readonly Of[]): Table {
  return {
    caption: `The worst of each: what is missing most of what was asked for (found less asked for), and the most rows against the best fixed setting. Surely short is what is so by more than ${CHANCE} standard errors.`,
    head: [
      '',
      'cells',
      'least found',
      'where',
      `short by over ${TOLERANCE}`,
      'surely',
      'most rows',
      'where',
      `over ${MOST_ROWS} ×`,
    ],
    rows: all.map(({ title, cells }) => {
      const [short, wide] = [worst(cells, (cell) => -excess(cell)), worst(cells, ratio)];
      const missing = excess(short);
      return [
        title,
        count(cells.length),
        `${missing < 0 ? '−' : '+'}${Math.abs(missing).toFixed(3)}`,
        `${short.where}, ${short.asked}`,
        count(cells.filter((cell) => excess(cell) < -TOLERANCE).length),
        count(cells.filter((cell) => excess(cell) + CHANCE * cell.error < -TOLERANCE).length),
        `${rounded(ratio(wide))} ×`,
        `${wide.where}, ${wide.asked}`,
        count(cells.filter((cell) => ratio(cell) > MOST_ROWS).length),
      ];
    }),
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
function excess({ got, asked }: Cell): number {
  return got - asked;
}

function ratio({ scanned, fixed }: Cell): number {
  return scanned / fixed;
}

function worst<T>(of: readonly T[], by: (one: T) => number): T {
  return of.reduce((most, one) => (by(one) > by(most) ? one : most));
}
