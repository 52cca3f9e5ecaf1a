// The tables of the grid: the summary, the cells that are lost, and each row.
import { median } from 'd3-array';
import { count, rounded, time } from '../../../demo/units.js';
import type { Measurement, Table } from '../../result.js';
import type { Answer, Cell, Of } from './cell.js';
import {
  RECALLS,
  answersOf,
  exactRatio,
  mostForLess,
  ratioAt,
  ratioTo,
  ratioToExact,
  rivalAt,
  speedOf,
} from './figures.js';

/** What is found less or more than was asked for, and still is what was asked for. */
const TOLERANCE = 0.02;
/** Standard errors that are taken for chance. */
const CHANCE = 2;
/** Asking for less may take this many times what asking for more takes. */
const MONOTONE = 1.1;
/** How many times hnswlib-node the words have to reach, k 10, at each of the recalls. */
const GOALS = [2.4, 3.3, 5.9];
const GOALS_OF = { row: '100 cosine, words', k: 10, peer: 'hnswlib-node' };
const NONE = '–';

interface Placed extends Cell {
  readonly where: string;
}

/** A cell as it is printed while the others are measured. */
export function said({ name, cells: [cell] }: Of): string {
  const ratios = RECALLS.map((recall) => `${recall}: ${times(ratioAt(cell, recall))}`);
  const got = answersOf(cell).map((answer) => told(answer));
  return [
    `${name}, ${count(cell.rows)}, k ${cell.k}`.padEnd(40),
    ...ratios,
    `found ${got.join(' ')}`,
    `exact ${times(exactRatio(cell))}`,
    `less ≤ ${times(mostForLess(cell))}`,
  ].join('   ');
}

/** What the grid comes to, and the cells that are lost. */
export function summaryOf(all: readonly Of[]): Table[] {
  const cells = all.flatMap(placed);
  return [goals(cells), offOf(cells), wordsOf(all), lost(cells)].filter(({ rows }) => rows.length > 0);
}

/** All cells of a row. */
export function tableOf({ name, cells }: Of): Table {
  return {
    caption: `${name}: searches a second at a recall, in times of the faster of hnswlib-node and usearch; what was found when ${RECALLS.join(', ')} were asked for; up to 1,000 vectors, the slowest of the three in times of \`exactSearch\`; exact search in times of it; the most that asking for less takes in times of asking for more; and the first search after opening, and after a commit.`,
    head: [
      'vectors',
      'k',
      ...RECALLS.map((recall) => `at ${recall}`),
      'found',
      'to exactSearch',
      'exact',
      'less to more',
      'opened',
      'committed',
    ],
    rows: cells.map((cell) => [
      count(cell.rows),
      String(cell.k),
      ...RECALLS.map((recall) => `${rounded(speedOf(cell, recall))}/s, ${times(ratioAt(cell, recall))}`),
      answersOf(cell).map(told).join(', '),
      ratioCell(ratioToExact(cell)),
      times(exactRatio(cell)),
      times(mostForLess(cell)),
      time(1000 * cell.first.opened),
      time(1000 * cell.first.committed),
    ]),
  };
}

export function measurementsOf(all: readonly Of[]): Measurement[] {
  return all.flatMap(placed).flatMap((cell) => {
    const of = (what: string, value: number, unit: string): Measurement[] =>
      Number.isFinite(value) ? [{ what: `${cell.where}: ${what}`, value, unit }] : [];
    return [
      ...RECALLS.flatMap((recall) => [
        ...of(`at recall ${recall}`, speedOf(cell, recall), 'queries/s'),
        ...of(`at recall ${recall}, to the faster peer`, ratioAt(cell, recall), '×'),
      ]),
      ...answersOf(cell).flatMap(({ asked, recall }) => of(`asked for ${asked}`, recall, 'share')),
      ...of('exact, to exactSearch', exactRatio(cell), '×'),
      ...of('less to more', mostForLess(cell), '×'),
      ...of('first search when opened', cell.first.opened, 's'),
      ...of('first search after a commit', cell.first.committed, 's'),
    ];
  });
}

function placed({ name, cells }: Of): Placed[] {
  return cells.map((cell) => ({ ...cell, where: `${name}, ${count(cell.rows)}, k ${cell.k}` }));
}

function goals(cells: readonly Placed[]): Table {
  const line = (what: string, ratio: (cell: Placed) => number | undefined): string[][] => {
    const known = cells.flatMap((cell) => {
      const value = ratio(cell);
      return value === undefined ? [] : [{ value, cell }];
    });
    if (known.length === 0) return [];
    const least = known.reduce((a, b) => (b.value < a.value ? b : a));
    return [
      [
        what,
        count(known.length),
        count(known.filter(({ value }) => value < 1).length),
        times(median(known, ({ value }) => value) ?? NaN),
        times(least.value),
        least.cell.where,
      ],
    ];
  };
  return {
    caption:
      'In how many cells Shardex is slower (lost), by how much it is faster in the median cell, and the worst cell.',
    head: ['', 'cells', 'lost', 'median', 'least', 'where'],
    rows: [
      ...RECALLS.flatMap((recall) =>
        line(`at recall ${recall}, to the faster of hnswlib-node and usearch`, (cell) =>
          ratioAt(cell, recall),
        ),
      ),
      ...line('up to 1,000 vectors, to exactSearch', ratioToExact),
      ...line('exact, to exactSearch', exactRatio),
    ],
  };
}

function offOf(cells: readonly Placed[]): Table {
  const answers = cells.flatMap((cell) =>
    answersOf(cell).map((answer) => ({ ...answer, where: cell.where })),
  );
  const uneven = cells.filter((cell) => mostForLess(cell) > MONOTONE);
  const line = (what: string, off: (answer: Answer) => number): string[] => {
    const most = answers.reduce((a, b) => (off(b) > off(a) ? b : a));
    return [
      what,
      count(answers.length),
      count(answers.filter((one) => off(one) > TOLERANCE).length),
      count(answers.filter((one) => off(one) - CHANCE * one.error > TOLERANCE).length),
      `${off(most).toFixed(3)}: ${most.where}, ${most.asked}`,
    ];
  };
  const worst = cells.reduce((a, b) => (mostForLess(b) > mostForLess(a) ? b : a));
  return {
    caption: `Recall that was found against what was asked for, of which surely by more than ${CHANCE} standard errors; and cells in which asking for less takes more than ${MONOTONE} times what asking for more takes.`,
    head: ['', 'cells', 'off', 'surely', 'worst'],
    rows: [
      line(`short by over ${TOLERANCE}`, ({ asked, recall }) => asked - recall),
      line(`beyond by over ${TOLERANCE}`, ({ asked, recall }) => recall - asked),
      [
        'not monotone',
        count(cells.length),
        count(uneven.length),
        NONE,
        `${times(mostForLess(worst))}: ${worst.where}`,
      ],
    ],
  };
}

/** The largest index of words beside what is to be reached. */
function wordsOf(all: readonly Of[]): Table {
  const { row, k, peer } = GOALS_OF;
  const words = all.find(({ name }) => name === row)?.cells.filter((cell) => cell.k === k) ?? [];
  return {
    caption: `Words, k ${k}, in times of ${peer} (all of them: the goal is ${GOALS.map(times).join(', ')}).`,
    head: ['vectors', ...RECALLS.map((recall) => `at recall ${recall}`)],
    rows: words
      .slice(-1)
      .map((cell) => [count(cell.rows), ...RECALLS.map((recall) => times(ratioTo(cell, peer, recall)))]),
  };
}

function lost(cells: readonly Placed[]): Table {
  return {
    caption: 'Cells that are lost.',
    head: ['', 'recall', 'ratio', 'Shardex', 'the other', 'which'],
    rows: cells.flatMap((cell) =>
      RECALLS.flatMap((recall) => {
        const rival = rivalAt(cell, recall);
        if (rival === undefined || ratioAt(cell, recall) >= 1) return [];
        const ours = speedOf(cell, recall);
        return [
          [
            cell.where,
            String(recall),
            times(ratioAt(cell, recall)),
            `${rounded(ours)}/s`,
            `${rounded(rival.perSecond)}/s`,
            rival.name,
          ],
        ];
      }),
    ),
  };
}

function told({ recall }: Answer): string {
  return recall.toFixed(3);
}

function ratioCell(ratio: number | undefined): string {
  return ratio === undefined ? NONE : times(ratio);
}

function times(ratio: number): string {
  return ratio === Infinity ? '∞' : `${rounded(ratio)} ×`;
}
