// Ways in which the data of an index change.
import { type Matrix, concatenated, rowsIn } from '../../data-sets/matrix.js';
import { KINDS, type KindName } from '../../data-sets/kinds.js';
import type { Drift, Row, Step } from './drift.js';

const TENTHS = 10;
/** Topics are deleted in ninths, this many of them. */
const GOING = 6;

/** How much of everything. */
export interface Amount {
  readonly rows: number;
  readonly queries: number;
}

/** Contents that change in ways that a calibration made before knows nothing of. Each name is a scenario or several. */
export const DRIFTS = {
  'drift-growth': async (amount: Amount) => [
    await growth('words', 'definitions-100', amount),
    await growth('definitions-100', 'words', amount),
    await growth('words-dot', 'heavy-tailed', amount),
    await growth('small-clusters', 'gaussian', amount),
  ],
  'drift-deletes': async (amount: Amount) => [
    await topicsDeleted('digits', amount),
    await topicsDeleted('definitions-384', amount),
    await topicsDeleted('small-clusters', amount),
    await anyDeleted('words', amount),
    await anyDeleted('gaussian', amount),
  ],
  'drift-window': async (amount: Amount) => [
    await window('definitions-100', 'words', amount),
    await window('gaussian', 'small-clusters', amount),
  ],
} satisfies Record<string, (amount: Amount) => Promise<Drift[]>>;

export type DriftName = keyof typeof DRIFTS;

/** Twice as many vectors in the end as at first, the later ones of another kind. */
async function growth(old: KindName, other: KindName, { rows, queries }: Amount): Promise<Drift> {
  const [before, later] = [
    await KINDS[old]({ rows, queries, more: 0 }),
    await KINDS[other]({ rows, queries, more: 0 }),
  ];
  const [start, added] = [named(old, before.vectors), named(other, later.vectors)];
  return {
    title: `${before.title}, then as many more: ${later.title}`,
    nearness: before.nearness,
    start,
    steps: inTenths(added).map((add, i) => ({ name: `${i + 1} tenths of growth`, add })),
    queries: [
      { like: 'the old', vectors: before.queries },
      { like: 'the new', vectors: later.queries, from: 1 },
    ],
  };
}

/** Vectors of one kind go, the oldest first, while as many of another come; then as many of that go and come. */
async function window(old: KindName, other: KindName, { rows, queries }: Amount): Promise<Drift> {
  const [before, later] = [
    await KINDS[old]({ rows, queries, more: 0 }),
    await KINDS[other]({ rows: 2 * rows, queries, more: 0 }),
  ];
  const [start, coming] = [named(old, before.vectors), named(other, later.vectors)];
  const going = [...start, ...coming];
  const steps = Array.from({ length: 2 * TENTHS }, (_, i): Step => {
    const [from, to] = [Math.round((i * rows) / TENTHS), Math.round(((i + 1) * rows) / TENTHS)];
    return {
      name: `moved by ${i + 1} tenths`,
      add: coming.slice(from, to),
      remove: idsOf(going.slice(from, to)),
    };
  });
  return {
    title: `a sliding window over ${before.title}, then ${later.title}`,
    nearness: before.nearness,
    start,
    steps,
    queries: [
      { like: 'the old', vectors: before.queries, to: TENTHS - 1 },
      { like: 'the new', vectors: later.queries, from: 1 },
    ],
  };
}

/** Two thirds of the topics are deleted, in six steps. */
async function topicsDeleted(name: KindName, { rows, queries }: Amount): Promise<Drift> {
  const {
    title,
    nearness,
    vectors,
    topics = new Uint16Array(),
  } = await KINDS[name]({
    rows: 2 * rows,
    queries: 0,
    more: 0,
  });
  const all = named(name, vectors);
  // To look for; a ninth of them, and more, is about the topics in question.
  const held = Math.min(9 * queries, all.length >> 1);
  const most = Math.min(held + rows, all.length);
  const order = [...new Set(topics)].sort((a, b) => a - b);
  const part = (row: number): number => order.indexOf(topics[row]) % 9;
  const rowsWhere = (from: number, to: number, is: (part: number) => boolean): Row[] =>
    all.slice(from, to).filter((_, i) => is(part(from + i)));
  const like = (is: (part: number) => boolean): Matrix =>
    concatenated(
      rowsWhere(0, held, is)
        .slice(0, queries)
        .map(({ vector }) => vector),
    );
  return {
    title: `${title}: two thirds of the topics deleted`,
    nearness,
    start: all.slice(held, most),
    steps: Array.from({ length: GOING }, (_, i) => ({
      name: `${i + 1} ninths deleted`,
      remove: idsOf(rowsWhere(held, most, (of) => of === i)),
    })),
    queries: [
      { like: 'what stays', vectors: like((of) => of >= GOING) },
      { like: 'what goes last', vectors: like((of) => of === GOING - 1), to: GOING - 1 },
    ],
  };
}

/** Nine tenths are deleted at random: the order of the vectors has no meaning. */
async function anyDeleted(name: KindName, { rows, queries: many }: Amount): Promise<Drift> {
  const { title, nearness, vectors, queries } = await KINDS[name]({ rows: 2 * rows, queries: many, more: 0 });
  const start = named(name, vectors);
  return {
    title: `${title}: nine tenths deleted at random`,
    nearness,
    start,
    steps: inTenths(start)
      .slice(0, -1)
      .map((part, i) => ({ name: `${i + 1} tenths deleted`, remove: idsOf(part) })),
    queries: [{ like: 'all', vectors: queries }],
  };
}

function named(name: string, vectors: Matrix): Row[] {
  return rowsIn(vectors).map((vector, row) => ({ documentId: `${name} ${row}`, vector }));
}

function idsOf(rows: readonly Row[]): string[] {
  return rows.map(({ documentId }) => documentId);
}

function inTenths<T>(all: readonly T[]): T[][] {
  return Array.from({ length: TENTHS }, (_, i) =>
    all.slice(Math.round((i * all.length) / TENTHS), Math.round(((i + 1) * all.length) / TENTHS)),
  );
}
