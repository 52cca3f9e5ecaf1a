import {
  createIndex,
  type IndexDraft,
  search,
  type ShardexIndex,
  type ShardexOptions,
  update,
} from 'shardex';
import { describe, expect, test } from 'vitest';
import { LEAST_SHARDS } from '../../src/write/shard-finder.js';
import { METRICS, numbered, ofDocuments } from '../support/postings.js';
import { gaussianVector, integerBelow, seeded } from '../support/random.js';
import { allPostings, layoutOf } from '../support/sound.js';

/** A history of an index: all that is random in it comes from its own seed. */
function lived(options: ShardexOptions, steps: number, size: number): ShardexIndex[] {
  const random = seeded(1);
  const { dimensions } = options;
  const versions = [createIndex(options)];
  const operate = (draft: IndexDraft) => {
    draft.addPostings(ofDocuments(40, size, () => gaussianVector(random, dimensions)));
    for (const posting of numbered(20, () => gaussianVector(random, dimensions))) draft.addPosting(posting);
    draft.removeDocuments([1, 2, 3].map(() => `d${integerBelow(random, 40)}`));
    draft.replaceDocument('d5', [{ documentId: 'd5', vector: gaussianVector(random, dimensions) }]);
    if (random() < 0.5) draft.preview();
  };
  for (let step = 0; step < steps; step++) versions.push(update(versions[step], operate));
  return versions;
}

function expectTheSame(a: ShardexIndex, b: ShardexIndex): void {
  expect(layoutOf(a)).toEqual(layoutOf(b));
  expect(allPostings(a)).toEqual(allPostings(b));
  expect([a.version, a.byteLength, a.nextShardId]).toEqual([b.version, b.byteLength, b.nextShardId]);
  const random = seeded(9);
  for (let i = 0; i < 4; i++) {
    const query = gaussianVector(random, a.config.dimensions);
    for (const slopFactor of [1, 5, 'auto', 'all'] as const) {
      const options = { k: 10, slopFactor, includeVector: true };
      expect(search(a, query, options)).toEqual(search(b, query, options));
    }
  }
}

describe.each(METRICS)('by %s', (metric) => {
  test('the same operations make the same versions (I10)', () => {
    const options = { dimensions: 4, metric, shardCapacity: 8 };
    const [one, other] = [lived(options, 8, 60), lived(options, 8, 60)];
    one.forEach((version, i) => {
      expectTheSame(version, other[i]);
    });
    expect(one[8].shardCount).toBeGreaterThan(10);
  });

  test('the seed matters only where samples are drawn, for splits of more than 2,048 rows', () => {
    const options = { dimensions: 4, metric, shardCapacity: 64 };
    const few = [0, 1].map((seed) => lived({ ...options, seed }, 3, 600)[3]);
    expectTheSame(few[0], few[1]);
    const many = [0, 0, 1].map((seed) => lived({ ...options, seed }, 1, 3000)[1]);
    expectTheSame(many[0], many[1]);
    expect(layoutOf(many[2])).not.toEqual(layoutOf(many[0]));
    expect(allPostings(many[2])).toEqual(allPostings(many[0]));
  });
});

test('branches that do the same to one version come out the same, though they share its blocks', () => {
  const base = createIndex(
    { dimensions: 2, shardCapacity: 8, metric: 'euclidean' },
    numbered(60, (i) => [Math.sin(i), Math.cos(3 * i)]),
  );
  const branches = [1, 2, 3].map(() =>
    update(base, (draft) => {
      draft.addPostings(numbered(50, (i) => [Math.sin(i / 7), i / 100], 'more'));
      draft.removeDocument('p7');
    }),
  );
  expectTheSame(branches[0], branches[1]);
  expectTheSame(branches[0], branches[2]);
});

test('branches that take turns come out as each does by itself, with many shards, too', () => {
  const dimensions = 16;
  const base = () => {
    const random = seeded(4);
    const vectors = numbered(1500, () => gaussianVector(random, dimensions));
    return createIndex({ dimensions, shardCapacity: 8, metric: 'euclidean' }, vectors);
  };
  const goOn = (version: ShardexIndex, branch: number, step: number) => {
    const random = seeded(100 * branch + step);
    return update(version, (draft) => {
      draft.addPostings(numbered(60, () => gaussianVector(random, dimensions), `${branch} ${step} `));
      draft.removeDocuments(Array.from({ length: 40 }, () => `p${integerBelow(random, 1500)}`));
    });
  };
  const steps = [1, 2, 3, 4, 5, 6];
  const alone = [1, 2].map((branch) => steps.reduce((version, step) => goOn(version, branch, step), base()));
  const first = base();
  const inTurns = steps.reduce(
    (versions, step) => versions.map((version, i) => goOn(version, i + 1, step)),
    [first, first],
  );
  expect(first.shardCount).toBeGreaterThan(2 * LEAST_SHARDS);
  inTurns.forEach((version, i) => {
    expectTheSame(version, alone[i]);
  });
});

test('what passes a filter is removed and edited in the order of ids, whatever else was tried before', () => {
  const order = { dimensions: 1, indexed: ['g'] } as const;
  const put = (ids: readonly string[]) => (draft: IndexDraft) => {
    for (const id of ids) draft.putDocument(id, { metadata: { g: 1 }, postings: [{ vector: [id.length] }] });
  };
  const seen = [['a'], ['ccc', 'bb']].map((tried) => {
    const empty = createIndex(order);
    // A commit that is thrown away, as one that loses a race is.
    update(empty, put(tried));
    const edited: string[] = [];
    const index = update(empty, (draft) => {
      put(['a', 'bb', 'ccc', 'dddd'])(draft);
      draft.editWhere({ g: 1 }, (metadata, id) => {
        edited.push(id);
        metadata.n = edited.length;
      });
    });
    const left = update(index, (draft) => {
      draft.removeWhere({ g: 1, n: { $lt: 4 } });
    });
    return [edited, index.fingerprint, left.fingerprint];
  });
  expect(seen[0]).toEqual(seen[1]);
  expect(seen[0][0]).toEqual(['a', 'bb', 'ccc', 'dddd']);
});
