import fc from 'fast-check';
import {
  type Evaluation,
  InvalidOptionError,
  InvalidVectorError,
  type Judgment,
  type ShardexIndex,
  compareEvaluations,
  compareSearch,
  createIndex,
  evaluate,
  evaluationTable,
  search,
  update,
} from 'shardex';
import { describe, expect, test } from 'vitest';
import { thrownBy } from '../support/thrown.js';

/** Documents whose order of nearness to [0] is that of the names. */
function ordered(...names: string[]): ShardexIndex {
  return createIndex(
    { dimensions: 1, metric: 'euclidean' },
    names.map((documentId, i) => ({ documentId, vector: [i] })),
  );
}

const query = [[0]];

describe('the measures', () => {
  test('are those of the textbook', () => {
    // Graded 3, 2, 3, 0, 1, 2, with a 3 and a 2 that are not found: DCG 6.861, at best 8.740.
    const index = ordered('d1', 'd2', 'd3', 'd4', 'd5', 'd6');
    const grades = new Map(Object.entries({ d1: 3, d2: 2, d3: 3, d4: 0, d5: 1, d6: 2, d7: 3, d8: 2 }));
    const found = evaluate(index, query, [grades], { k: 6 });
    expect(found.ndcg).toBeCloseTo(6.861 / 8.74, 3);
    expect(found.recall).toBeCloseTo(5 / 7);
    expect(found.mrr).toBe(1);
  });

  test.each<[relevant: string[], k: number, recall: number, mrr: number, ndcg: number]>([
    [['a'], 1, 1, 1, 1],
    [['b'], 1, 0, 0, 0],
    [['b'], 2, 1, 1 / 2, 1 / Math.log2(3)],
    [['c'], 3, 1, 1 / 3, 1 / 2],
    [['a', 'b', 'c', 'd'], 2, 1 / 2, 1, 1],
    [['a', 'c'], 3, 1, 1, 1.5 / (1 + 1 / Math.log2(3))],
    [['x', 'b'], 4, 1 / 2, 1 / 2, 1 / Math.log2(3) / (1 + 1 / Math.log2(3))],
    [['x'], 4, 0, 0, 0],
  ])('of %j in the first %i are %d, %d, %d', (relevant, k, recall, mrr, ndcg) => {
    const found = evaluate(ordered('a', 'b', 'c', 'd'), query, [relevant], { k });
    expect(found).toMatchObject({ k, queries: 1 });
    expect([found.recall, found.mrr, found.ndcg]).toEqual(
      [recall, mrr, ndcg].map((is) => expect.closeTo(is, 12) as number),
    );
  });

  test('count a document once, however many postings it has', () => {
    const index = createIndex({ dimensions: 1, metric: 'euclidean' }, [
      { documentId: 'a', start: 0, vector: [0] },
      { documentId: 'a', start: 1, vector: [1] },
      { documentId: 'b', vector: [2] },
    ]);
    const { recall, judged } = evaluate(index, query, [['b', 'a', 'a']], { k: 2 });
    expect(recall).toBe(1);
    expect(judged[0].results.map(({ documentId }) => documentId)).toEqual(['a', 'b']);
  });

  test('are averages over the queries that something is relevant to', () => {
    const index = ordered('a', 'b');
    const judgments: Judgment[] = [['a'], [], ['b'], new Map([['a', 0]])];
    const found = evaluate(index, [[0], [0], [0], [0]], judgments, { k: 1 });
    expect([found.queries, found.recall, found.mrr, found.ndcg]).toEqual([4, 0.5, 0.5, 0.5]);
    expect(found.judged.map((each) => each.query)).toEqual([0, 2]);
    expect(evaluate(index, [], [], { k: 1 })).toEqual({
      k: 1,
      queries: 0,
      recall: 0,
      mrr: 0,
      ndcg: 0,
      judged: [],
    });
  });

  test('agree with their definitions on any judgments', () => {
    const names = Array.from({ length: 12 }, (_, i) => `d${i}`);
    const index = ordered(...names);
    const graded = fc.dictionary(fc.constantFrom(...names, 'x', 'y'), fc.nat(3));
    fc.assert(
      fc.property(
        graded,
        fc.integer({ min: 1, max: 15 }),
        fc.integer({ min: 0, max: 11 }),
        (grades, k, at) => {
          const { judged } = evaluate(index, [[at]], [new Map(Object.entries(grades))], { k });
          const relevant = Object.entries(grades).filter(([, grade]) => grade > 0);
          expect(judged).toHaveLength(relevant.length === 0 ? 0 : 1);
          if (relevant.length === 0) return;
          const ranks = new Map(search(index, [at], { k }).map(({ documentId }, i) => [documentId, i + 1]));
          const found = relevant.filter(([name]) => ranks.has(name));
          const rankOf = (name: string): number => ranks.get(name) ?? Infinity;
          const gain = found.reduce((sum, [name, grade]) => sum + grade / Math.log2(rankOf(name) + 1), 0);
          let best = 0;
          const order = relevant.map(([, grade]) => grade).sort((a, b) => b - a);
          for (let i = 0; i < Math.min(k, order.length); i++) best += order[i] / Math.log2(i + 2);
          expect(judged[0].recall).toBeCloseTo(found.length / relevant.length, 12);
          expect(judged[0].mrr).toBeCloseTo(1 / Math.min(...relevant.map(([name]) => rankOf(name))), 12);
          expect(judged[0].ndcg).toBeCloseTo(gain / best, 12);
        },
      ),
    );
  });
});

test('searches as it is told', () => {
  const index = update(ordered('a', 'b'), (draft) => {
    draft.setMetadata('b', { kind: 'x' });
  });
  const where = { kind: 'x' };
  expect(evaluate(index, query, [['b']], { k: 1, where, slopFactor: 'all' }).recall).toBe(1);
  expect(evaluate(index, query, [['b']], { k: 1 }).recall).toBe(0);
});

test('refuses what is no judgment, by its place', () => {
  const index = ordered('a');
  const wrong: [judgments: unknown, says: RegExp][] = [
    [undefined, /iterable, one for each query, not undefined/],
    ['a', /one for each query/],
    [[], /0 judgments for 1 queries/],
    [[['a'], ['a']], /2 judgments for 1 queries/],
    [['a'], /Judgment 0 must be the ids/],
    [[{ a: 1 }], /Judgment 0 must be the ids/],
    [[[1]], /not the number 1|not 1/],
    [[new Map([['a', -1]])], /grades that are finite numbers/],
    [[new Map([['a', NaN]])], /grades/],
    [[new Map([['a', '1']])], /grades/],
  ];
  for (const [judgments, says] of wrong) {
    const error = thrownBy(() => evaluate(index, query, judgments as never, { k: 1 }));
    expect(error).toBeInstanceOf(InvalidOptionError);
    expect((error as InvalidOptionError).option).toBe('judgments');
    expect(String(error)).toMatch(says);
  }
  const options = { k: 1, distinct: 'posting' } as never;
  expect(thrownBy(() => evaluate(index, query, [['a']], options))).toBeInstanceOf(InvalidOptionError);
  expect(thrownBy(() => evaluate(index, query, [['a']], { k: 0 }))).toBeInstanceOf(InvalidOptionError);
  expect(thrownBy(() => evaluate(index, [[0, 1]], [['a']], { k: 1 }))).toBeInstanceOf(InvalidVectorError);
});

describe('a comparison', () => {
  const names = ['a', 'b', 'c', 'd', 'e'];
  const before = ordered(...names);
  const after = update(before, (draft) => {
    draft.addPosting({ documentId: 'e', vector: [-0.5] });
    draft.removeDocument('b');
  });
  const queries = [[0], [3], [1]];
  const judgments = [['e'], ['d'], ['b']];
  const evaluations = (): [Evaluation, Evaluation] => [
    evaluate(before, queries, judgments, { k: 2 }),
    evaluate(after, queries, judgments, { k: 2 }),
  ];

  test('says by how much, how surely, and what is better and worse', () => {
    const [a, b] = evaluations();
    const compared = compareEvaluations(a, b);
    const [found, lost] = [b.judged[0].ndcg, -a.judged[2].ndcg];
    expect(compared).toMatchObject({ k: 2, judged: 3, better: 1, worse: 1 });
    expect(compared.changes.map(({ query: of, change }) => [of, change])).toEqual([
      [2, lost],
      [1, 0],
      [0, found],
    ]);
    const mean = (found + lost) / 3;
    const variance = ((found - mean) ** 2 + (lost - mean) ** 2 + mean ** 2) / 2;
    expect(compared.ndcg.change).toBeCloseTo(mean, 12);
    expect(compared.ndcg.standardError).toBeCloseTo(Math.sqrt(variance / 3), 12);
    expect(compared.recall).toMatchObject({ before: 2 / 3, after: 2 / 3, change: 0 });
  });

  test('has what changed in the results as compareSearch has it', () => {
    const { changes } = compareEvaluations(...evaluations());
    const expected = compareSearch(before, after, queries, { k: 2, distinct: 'document' });
    for (const { query: of, entered, left, moved, unmoved } of changes)
      expect({ entered, left, moved, unmoved }).toEqual(expected[of]);
  });

  test('of the same is no change, and JSON has all of it', () => {
    const [a] = evaluations();
    const compared = compareEvaluations(a, a);
    expect([compared.ndcg.change, compared.ndcg.standardError, compared.better, compared.worse]).toEqual([
      0, 0, 0, 0,
    ]);
    expect(JSON.parse(JSON.stringify([a, compared]))).toEqual([a, compared]);
    expect(Object.isFrozen(a) && Object.isFrozen(compared) && Object.isFrozen(a.judged)).toBe(true);
  });

  test('is of the same queries, judgments and k', () => {
    const [a] = evaluations();
    const others = [
      evaluate(before, queries, judgments, { k: 3 }),
      evaluate(before, queries, [['e'], [], ['b']], { k: 2 }),
      undefined,
      before,
      { judged: [] },
    ];
    for (const other of others)
      expect(thrownBy(() => compareEvaluations(a, other as never))).toBeInstanceOf(InvalidOptionError);
  });

  test('is a table for people', () => {
    const [a, b] = evaluations();
    expect(evaluationTable({ before: a, 'with e': b }).split('\n')).toEqual([
      '        recall@2    MRR@2   nDCG@2  queries',
      `before    0.6667   ${a.mrr.toFixed(4)}   ${a.ndcg.toFixed(4)}        3`,
      `with e    0.6667   ${b.mrr.toFixed(4)}   ${b.ndcg.toFixed(4)}        3`,
    ]);
    const other = evaluate(before, queries, judgments, { k: 3 });
    for (const wrong of [{ a, other }, { a: undefined }])
      expect(thrownBy(() => evaluationTable(wrong as never))).toBeInstanceOf(InvalidOptionError);
  });
});
