// Filters are values: threads take them, and find what a search in this thread finds.
import { MessageChannel, Worker } from 'node:worker_threads';
import {
  CowShardexIndex,
  type Filter,
  InvalidFilterError,
  SearchPool,
  createIndex,
  openReplica,
  search,
  serveReplicas,
  update,
} from 'shardex';
import { expect, test } from 'vitest';
import { built } from './support/built.js';
import { gaussianVector, seeded } from '../support/random.js';
import { rejectionOf } from '../support/thrown.js';

interface Film {
  year: number;
  title: string;
}

function films(): CowShardexIndex<Film> {
  const random = seeded(3);
  return new CowShardexIndex(
    update(createIndex<Film>({ dimensions: 24, shardCapacity: 32, indexed: ['year'] }), (draft) => {
      for (let i = 0; i < 800; i++)
        draft.putDocument(`d${i}`, {
          metadata: { year: 1990 + (i % 30), title: i % 7 === 0 ? 'Heat' : 'Ronin' },
          postings: [{ vector: gaussianVector(random, 24) }],
        });
    }),
  );
}

const library = built();
const query = gaussianVector(seeded(4), 24);
const where: Filter<Film> = { year: { $gte: 1995, $lt: 2010 }, title: /^heat/i };

test('a replica finds the same, also after edits', async () => {
  const cell = films();
  const { port1, port2 } = new MessageChannel();
  const service = serveReplicas(cell, port1);
  const replica = await openReplica(port2);
  for (let i = 0; i < 4; i++) {
    const before = cell.version;
    cell.update((draft) => {
      draft.editWhere({ year: 1990 + i }, (film) => {
        film.year = 2000;
        film.title = 'Heat';
      });
    });
    expect(cell.version).toBe(before + 1);
    const index = await replica.waitFor(cell.version);
    for (const way of [{}, { slopFactor: 'all' }] as const) {
      const found = search(index, query, { k: 10, where: where, ...way });
      expect(found).toEqual(search(cell.read(), query, { k: 10, where, ...way }));
      expect(found).toHaveLength(10);
    }
  }
  replica.close();
  service.close();
  port1.close();
});

test('a pool finds the same, split too, by the filter as it was given', async () => {
  const cell = films();
  const pool = await SearchPool.open(cell, {
    threads: 2,
    spawn: () => new Worker(library.address('pool-worker'), { execArgv: [] }),
  });
  try {
    const expected = search(cell.read(), query, { k: 10, where, slopFactor: 'all' });
    const split = await pool.search(query, { k: 10, where: where, slopFactor: 'all' }, { split: true });
    expect(split.results).toEqual(expected);
    const given = { year: { $in: [1995, 1996] } };
    const asked = pool.searchMany([query, query], { k: 50, where: given });
    given.year.$in.push(1997);
    const [{ results }] = await asked;
    expect(results).toEqual(search(cell.read(), query, { k: 50, where: { year: { $in: [1995, 1996] } } }));
    expect(await rejectionOf(pool.search(query, { k: 1, where: { year: { $near: 1 } } }))).toBeInstanceOf(
      InvalidFilterError,
    );
  } finally {
    await pool.close();
  }
});
