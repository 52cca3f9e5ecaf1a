// Versions, cells, commits and deltas print as short summaries, wherever they come from.
import { inspect } from 'node:util';
import { Immer } from 'immer';
import {
  CowShardexIndex,
  type ShardexIndex,
  applyDelta,
  createIndex,
  decodeDelta,
  diff,
  encodeDelta,
  merge,
  openReplica,
  search,
  serveReplicas,
  update,
} from 'shardex';
import { describe, expect, test } from 'vitest';
import { numbered } from './support/postings.js';

const empty = createIndex({ dimensions: 2, shardCapacity: 8 });
const index = update(empty, (draft) => {
  draft.addPostings(numbered(50, (i) => [i, 1]));
});
const next = update(index, (draft) => {
  draft.removeDocument('p7');
});

const summaryOf = ({ version, fingerprint, config, postingCount, ...rest }: ShardexIndex): object => {
  const { documentCount, shardCount, byteLength } = rest;
  return { version, fingerprint, config, postingCount, documentCount, shardCount, byteLength };
};

async function replicated(): Promise<ShardexIndex> {
  const { port1, port2 } = new MessageChannel();
  serveReplicas(new CowShardexIndex(index), port1);
  const replica = await openReplica(port2);
  const version = replica.read();
  port1.close();
  return version;
}

const cell = new CowShardexIndex(index, { history: { versions: 3 } });
const writer = cell.cloneForWrite();
writer.addPosting({ documentId: 'new', vector: [1, 1] });

describe('a version', () => {
  const ORIGINS: [string, () => ShardexIndex | Promise<ShardexIndex>][] = [
    ['an empty one', () => empty],
    ['of postings', () => index],
    ['of an update', () => next],
    ['of a writer', () => writer.preview()],
    [
      'that was renumbered',
      () =>
        cell.commitChanges(
          update(next, (d) => void d.removeDocument('p1')),
          { expected: index },
        ).index,
    ],
    ['of a delta', () => applyDelta(index, diff(index, next))],
    ['of bytes', () => applyDelta(empty, decodeDelta(encodeDelta(diff(empty, next))))],
    [
      'of a merge',
      () =>
        merge(
          next,
          update(index, (d) => void d.removeDocument('p9')),
          index,
        ),
    ],
    ['of a replica', replicated],
    ['from which another was made', () => update(next, (d) => void d.removeDocument('p2'))],
  ];

  test.each(ORIGINS)('prints its numbers: %s', async (_, make) => {
    const version = await make();
    expect(JSON.parse(JSON.stringify({ version }))).toEqual({ version: summaryOf(version) });
    const text = inspect(version);
    expect(text).toMatch(/^ShardexIndex \{\s+version: /);
    expect(text).toContain(version.fingerprint);
    expect(text.length).toBeLessThan(500);
    expect(inspect({ deep: { er: { still: [version] } } }, { depth: 2 })).not.toContain('fingerprint');
  });

  test('is as it was otherwise: frozen, without a field more, and to be copied and kept in states', () => {
    expect(Object.isFrozen(next)).toBe(true);
    expect(Object.keys(next)).not.toContain('toJSON');
    expect(Reflect.ownKeys(next).every((key) => typeof key === 'string')).toBe(true);
    const copy = { ...next };
    expect(search(copy, [1, 1], { k: 3 })).toEqual(search(next, [1, 1], { k: 3 }));
    expect(update(copy, (draft) => void draft.removeDocument('p3')).postingCount).toBe(48);
    const state = { index: next, count: 0 };
    const changed = new Immer({ autoFreeze: true }).produce(state, (draft) => {
      draft.count += draft.index.postingCount;
    });
    expect(changed.index).toBe(next);
    expect(changed.count).toBe(49);
  });
});

describe('a cell, a replica, a commit and a delta', () => {
  test('print what they are at', async () => {
    const own = new CowShardexIndex(index);
    const { port1, port2 } = new MessageChannel();
    serveReplicas(own, port1);
    const replica = await openReplica(port2, { name: 'reader' });
    expect(JSON.parse(JSON.stringify(own))).toMatchObject({ index: summaryOf(index), isClosed: false });
    expect(inspect(own)).toMatch(/^CowShardexIndex \{\s+index: ShardexIndex \{/);
    expect(inspect(new Proxy(own, {}))).toMatch(/^CowShardexIndex \{/);
    expect(JSON.stringify(new Proxy(own, {}))).toBe(JSON.stringify(own));
    expect(JSON.parse(JSON.stringify(replica))).toMatchObject({ name: 'reader', index: summaryOf(index) });
    expect(inspect(replica)).toMatch(/^Replica \{\s+name: 'reader'/);
    port1.close();
    const commit = own.update((draft) => {
      draft.removeDocument('p7');
      draft.addPostings([...numbered(2, () => [3, 3], 'new'), { documentId: 'p1', vector: [9, 9] }]);
    });
    expect(JSON.parse(JSON.stringify(commit))).toEqual({
      version: 2,
      fingerprint: commit.index.fingerprint,
      previousVersion: 1,
      isEmpty: false,
    });
    expect(inspect(commit)).toMatch(/^Commit \{/);
    const { base, next: to } = commit.delta;
    expect(JSON.parse(JSON.stringify(commit.delta))).toEqual({
      base,
      next: to,
      added: 2,
      removed: 1,
      updated: 1,
    });
    expect(inspect(commit.delta)).toMatch(/^Delta \{/);
  });
});
