import { beforeAll, expect, test } from 'vitest';
import {
  CowShardexIndex,
  type ShardexIndex,
  applyDelta,
  createIndex,
  decodeDelta,
  diff,
  encodeDelta,
  openReplica,
  serveReplicas,
  update,
  verify,
} from 'shardex';

const EMPTY = createIndex({ dimensions: 3 });
const posting = (i: number): { documentId: string; vector: number[] } => ({
  documentId: `d${i}`,
  vector: [Math.sin(i), Math.cos(i), Math.sin(3 * i)],
});

let decoded: ShardexIndex;

beforeAll(() => {
  // A second block with room behind its rows, of which the first sixteen, whose ids make one text, are dead.
  let index = createIndex(
    { dimensions: 3 },
    Array.from({ length: 200 }, (_, i) => posting(i)),
  );
  for (let i = 200; i < 220; i++)
    index = update(index, (draft) => {
      draft.addPosting(posting(i));
    });
  index = update(index, (draft) => {
    draft.removeDocuments(Array.from({ length: 17 }, (_, i) => `d${200 + i}`));
  });
  decoded = applyDelta(EMPTY, decodeDelta(encodeDelta(diff(EMPTY, index))));
});

test('branches of a decoded version copy its blocks, dead rows and all', () => {
  for (let i = 0; i < 3; i++) {
    const branch = update(decoded, (draft) => {
      draft.addPosting(posting(1000 + i));
    });
    expect(branch.postingCount).toBe(204);
    expect([...verify(branch)]).toEqual([]);
  }
});

test('a replica of a decoded version gets its blocks, dead rows and all', async () => {
  const { port1, port2 } = new MessageChannel();
  const service = serveReplicas(new CowShardexIndex(decoded), port1);
  const replica = await openReplica(port2);
  expect(replica.read().fingerprint).toBe(decoded.fingerprint);
  expect([...verify(replica.read())]).toEqual([]);
  replica.close();
  service.close();
  port1.close();
});
