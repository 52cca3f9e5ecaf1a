import { createIndex, getDocument, type ShardexIndex, update, verify } from 'shardex';
import { describe, expect, test } from 'vitest';
import { runSteps } from '../../src/collections/steps.js';
import { Checkpointer, type RunSteps } from '../../src/store/checkpoint/checkpointer.js';
import { readCheckpoint } from '../../src/store/checkpoint/read-checkpoint.js';
import { memoryLog } from '../../src/store/log/memory-log.js';
import type { CommitLog } from '../../src/store/log/commit-log.js';

const atOnce: RunSteps = (steps) => Promise.resolve(runSteps(steps));

/** Documents with texts, metadata, both or a posting alone. */
function documents(count: number): ShardexIndex {
  const length = 1000;
  return update(createIndex({ dimensions: 2, indexed: ['year'] }), (draft) => {
    for (let i = 0; i < count; i++)
      draft.putDocument(`d${i}`, {
        ...(i % 3 !== 0 && { text: 'x'.repeat(length) + String(i) }),
        ...(i % 3 !== 1 && { metadata: { year: i, __proto: { constructor: [null, 'ü', -1.5] } } }),
        ...(i % 2 === 0 && { postings: [{ vector: [i, 1] }] }),
      });
    draft.addPosting({ documentId: 'bare', vector: [1, 1] });
  });
}

async function opened(): Promise<CommitLog> {
  const log = memoryLog();
  await log.open(new Uint8Array());
  return log;
}

const tokensOf = ({ version }: ShardexIndex): { version: number; token: string }[] => [
  { version, token: `token-${version}` },
];

async function read(log: CommitLog, index: ShardexIndex) {
  const checkpoint = await log.latestCheckpoint();
  if (checkpoint === undefined) throw new Error('There is no checkpoint.');
  return readCheckpoint(log, checkpoint, index.config, atOnce);
}

async function append(log: CommitLog, from: number, { version }: ShardexIndex): Promise<void> {
  for (let v = from + 1; v <= version; v++) {
    const parent = v === 1 ? undefined : { version: v - 1, token: `token-${v - 1}` };
    await log.append(parent, [{ version: v, token: `token-${v}`, bytes: new Uint8Array() }]);
  }
}

describe('records in a checkpoint', () => {
  test('are those of the version that was kept, with its counts and field indexes', async () => {
    const log = await opened();
    const index = documents(300);
    await append(log, 0, index);
    await new Checkpointer(log).take(index, tokensOf(index), atOnce);
    const { index: back } = await read(log, index);
    expect([...back.records.keys()].sort()).toEqual([...index.records.keys()].sort());
    for (const [documentId, record] of index.records) expect(getDocument(back, documentId)).toEqual(record);
    for (const name of ['documentCount', 'placedCount', 'recordBytes', 'fingerprint'] as const)
      expect(back[name]).toBe(index[name]);
    expect([...verify(back)]).toEqual([]);
  });

  test('cost what changed: a bucket without changes is not put again, in this process or after opening', async () => {
    const log = await opened();
    const first = documents(3000);
    await append(log, 0, first);
    const checkpointer = new Checkpointer(log);
    const whole = await checkpointer.take(first, tokensOf(first), atOnce);
    const edit = (index: ShardexIndex): ShardexIndex =>
      update(index, (draft) => {
        draft.setMetadata('d5', { year: 1 });
        draft.removeDocument('d7');
      });
    const edited = edit(first);
    await append(log, first.version, edited);
    const opening = await read(log, first);
    for (const [again, next] of [
      [checkpointer, edited],
      [new Checkpointer(log, opening.written), edit(opening.index)],
    ] as const) {
      const { putBytes } = await again.take(next, tokensOf(next), atOnce);
      expect(putBytes).toBeGreaterThan(0);
      expect(putBytes).toBeLessThan(whole.putBytes / 4);
    }
    const { index: back } = await read(log, first);
    expect(getDocument(back, 'd5')?.metadata).toEqual({ year: 1 });
    expect(getDocument(back, 'd7')).toBeUndefined();
    expect(back.fingerprint).toBe(edited.fingerprint);
    expect([...verify(back)]).toEqual([]);
  });

  test('any byte of a chunk that is not what it was is an error', async () => {
    const log = await opened();
    const index = documents(4);
    await append(log, 0, index);
    await new Checkpointer(log).take(index, tokensOf(index), atOnce);
    const checkpoint = await log.latestCheckpoint();
    const keys = checkpoint?.chunks ?? [];
    const last = keys[keys.length - 1];
    const bytes = await log.chunk(last);
    for (let at = 0; at < bytes.length; at += 7) {
      const damaged = bytes.slice();
      damaged[at] ^= 1;
      const broken = { chunk: (key: string) => (key === last ? Promise.resolve(damaged) : log.chunk(key)) };
      await expect(
        readCheckpoint(broken as CommitLog, checkpoint as never, index.config, atOnce),
      ).rejects.toMatchObject({ code: expect.stringMatching(/^LOG_/) as string });
    }
  });
});
