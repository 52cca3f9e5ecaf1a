// What every door has to lead to: searches in a cell, in a replica of it and in a pool of threads, before and after a
// write, each compared with what measuring all vectors finds; and the write as bytes.

const DIMENSIONS = 16;
const COUNT = 3000;
const K = 5;

/**
 * @param shardex the library, however it was loaded
 * @param spawn starts a thread of the pool, where the library cannot find its script
 * @returns what was seen of it; it rejects where an answer is not the plain one
 */
export async function useAll(shardex, spawn) {
  const { CowShardexIndex, SearchPool, createIndex, openReplica, search, serveReplicas, verify } = shardex;
  const { applyDelta, decodeDelta, encodeDelta } = shardex;
  const random = generator(7);
  const vector = () => Array.from({ length: DIMENSIONS }, () => random() * 2 - 1);
  const plain = new Map(Array.from({ length: COUNT }, (_, i) => [`document ${i}`, vector()]));
  const posting = ([documentId, components]) => ({ documentId, vector: components });

  const config = { dimensions: DIMENSIONS, metric: 'euclidean' };
  const cell = new CowShardexIndex(createIndex(config, [...plain].map(posting)));
  const { port1, port2 } = new MessageChannel();
  serveReplicas(cell, port1);
  const replica = await openReplica(port2);
  const pool = await SearchPool.open(cell, { threads: 2, ...(spawn && { spawn }) });
  const queries = Array.from({ length: 20 }, vector);
  const options = { k: K, slopFactor: 'all' };

  let compared = 0;
  const compare = async () => {
    const { version } = cell;
    const followed = await replica.waitFor(version);
    const answers = await pool.searchMany(queries, options, { atLeast: version });
    queries.forEach((query, q) => {
      const expected = nearest(plain, query);
      const found = { cell: search(cell.read(), query, options), replica: search(followed, query, options) };
      for (const [where, hits] of Object.entries({ ...found, pool: answers[q].results })) {
        const ids = hits.map(({ documentId }) => documentId).join();
        if (ids !== expected) throw new Error(`query ${q} in the ${where}: ${ids}, not ${expected}`);
        compared++;
      }
    });
  };
  await compare();
  const { previous, index, delta } = cell.update((draft) => {
    for (const [i, query] of queries.entries()) {
      draft.removeDocument(`document ${i}`);
      plain.delete(`document ${i}`);
      // The nearest there is, so that every answer changes.
      draft.addPosting({ documentId: `new ${i}`, vector: query });
      plain.set(`new ${i}`, query);
    }
  });
  await compare();
  const replayed = applyDelta(previous, decodeDelta(encodeDelta(delta)));
  if (replayed.fingerprint !== index.fingerprint) throw new Error('the delta leads elsewhere');
  const violations = verify(index);
  if (violations.length > 0) throw new Error(`the index is broken: ${JSON.stringify(violations)}`);

  const { sharesMemory } = replica;
  await pool.close();
  cell.close();
  replica.close();
  port1.close();
  port2.close();
  return { compared, sharesMemory };
}

function nearest(plain, query) {
  const distances = Array.from(plain, ([id, components]) => {
    const distance = components.reduce((sum, x, i) => sum + (Math.fround(x) - Math.fround(query[i])) ** 2, 0);
    return { id, distance };
  });
  distances.sort((a, b) => a.distance - b.distance);
  return distances
    .slice(0, K)
    .map(({ id }) => id)
    .join();
}

function generator(seed) {
  let state = seed;
  return () => (state = (Math.imul(state, 1664525) + 1013904223) >>> 0) / 2 ** 32;
}
