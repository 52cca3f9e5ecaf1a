import {
  type Filter,
  type IndexDraft,
  type ShardexIndex,
  applyDelta,
  createIndex,
  decodeDelta,
  diff,
  encodeDelta,
  search,
  update,
} from 'shardex';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { DocumentNumbers } from '../../src/documents/document-numbers.js';
import { eachDifference } from '../../src/collections/trie-difference.js';

vi.mock('../../src/collections/trie-difference.js', async (original) => {
  const module = await original<{ eachDifference: typeof eachDifference }>();
  return { ...module, eachDifference: vi.fn(module.eachDifference) };
});

interface Numbered {
  n: number;
  bare: number;
}

function put(draft: IndexDraft<Numbered>, from: number, to: number): void {
  for (let i = from; i < to; i++)
    draft.putDocument(`d${i}`, { metadata: { n: i, bare: i }, postings: [{ vector: [i % 17, i % 5] }] });
}

const filled = (indexed: readonly 'n'[], count: number): ShardexIndex<Numbered> =>
  update(createIndex<Numbered>({ dimensions: 2, shardCapacity: 16, indexed }), (draft) => {
    put(draft, 0, count);
  });

const found = (index: ShardexIndex<Numbered>, where: Filter<Numbered>): string[] =>
  search(index, [1, 1], { k: 1000, where, slopFactor: 'all' })
    .map(({ documentId }) => documentId)
    .sort();

const range = (from: number, to: number): string[] =>
  Array.from({ length: to - from }, (_, i) => `d${from + i}`).sort();

/** How many ids a search looked up the numbers of. */
function lookedUp(index: ShardexIndex<Numbered>, where: Filter<Numbered>): number {
  const spy = vi.spyOn(DocumentNumbers.prototype, 'of');
  const rows = vi.spyOn(DocumentNumbers.prototype, 'find');
  search(index, [1, 1], { k: 5, where });
  const calls = spy.mock.calls.length + rows.mock.calls.length;
  vi.restoreAllMocks();
  return calls;
}

describe('the first filter', () => {
  afterEach(() => {
    vi.restoreAllMocks();
  });

  const ways: [string, () => ShardexIndex<Numbered>][] = [
    ['a bulk', () => filled(['n'], 300)],
    [
      'commits',
      () => {
        let index = filled(['n'], 100);
        for (let i = 100; i < 300; i += 20)
          index = update(index, (draft) => {
            put(draft, i, i + 20);
            draft.editMetadata(`d${i - 1}`, (data) => {
              data.n += 1000;
            });
            draft.removeDocument(`d${i - 50}`);
          });
        return index;
      },
    ],
    [
      'a delta',
      () => {
        const base = createIndex<Numbered>({ dimensions: 2, shardCapacity: 16, indexed: ['n'] });
        const next = update(base, (draft) => {
          put(draft, 0, 300);
        });
        return applyDelta(base, decodeDelta(encodeDelta(diff(base, next))));
      },
    ],
    ['an index without indexed paths', () => filled([], 300)],
  ];

  it.each(ways)('looks up no id after %s', (_, make) => {
    const index = make();
    expect(lookedUp(index, { n: { $lt: 150 } })).toBe(0);
    expect(lookedUp(index, { bare: { $lt: 150 } })).toBe(0);
  });

  it('compares no records where it looks at all of a version just committed', () => {
    const index = update(filled([], 300), (draft) => {
      put(draft, 300, 310);
    });
    vi.mocked(eachDifference).mockClear();
    expect(found(index, { bare: { $gte: 290 } })).toEqual(range(290, 310));
    const compared = vi.mocked(eachDifference).mock.calls.filter(([, records]) => records === index.records);
    expect(compared).toHaveLength(0);
  });

  it('gives numbers to postings that were there before any metadata', () => {
    const bare = createIndex<Numbered>(
      { dimensions: 2, indexed: ['n'] },
      Array.from({ length: 50 }, (_, i) => ({ documentId: `d${i}`, vector: [i, 1] })),
    );
    expect(bare.fields.value.numbers.size).toBe(0);
    const index = update(bare, (draft) => {
      draft.setMetadata('d7', { n: 7, bare: 7 });
    });
    expect(found(index, { n: 7 })).toEqual(['d7']);
    expect(found(index, { n: null })).toEqual(range(0, 50).filter((id) => id !== 'd7'));
  });
});

describe('numbers of documents', () => {
  it('are the same in branches, each of which finds its own', () => {
    const base = filled(['n'], 50);
    const [one, other] = [60, 70].map((to) =>
      update(base, (draft) => {
        put(draft, 50, to);
        draft.removeDocument(`d${to - 30}`);
      }),
    );
    expect(one.fields.value.numbers).toBe(other.fields.value.numbers);
    for (const [index, to] of [
      [one, 60],
      [other, 70],
      [base, 50],
    ] as const) {
      const rest = range(20, to).filter((id) => index === base || id !== `d${to - 30}`);
      expect(found(index, { n: { $gte: 20 } })).toEqual(rest);
      expect(found(index, { bare: { $gte: 20 } })).toEqual(rest);
    }
  });

  it('are given anew before those of documents that are gone become too many', () => {
    let index = filled(['n'], 10);
    const { numbers } = index.fields.value;
    for (let round = 1; round <= 60; round++) {
      index = update(index, (draft) => {
        draft.removeWhere({});
        put(draft, 100 * round, 100 * round + 100);
      });
      if (round % 10 === 0)
        expect(found(index, { n: { $gte: 100 * round + 90 } })).toEqual(
          range(100 * round + 90, 100 * round + 100),
        );
      expect(index.fields.value.numbers.size).toBeLessThan(4 * (100 + 1024) + 200);
    }
    expect(index.fields.value.numbers).not.toBe(numbers);
  });
});
