import { describe, expect, test, vi } from 'vitest';
import {
  AsyncRecipeError,
  type Commit,
  type CommitListener,
  CowShardexIndex,
  InvalidOptionError,
  applyDelta,
  createIndex,
} from 'shardex';

const EMPTY = createIndex({ dimensions: 1 });

function add(cell: CowShardexIndex, documentId: string): void {
  cell.update((draft) => {
    draft.addPosting({ documentId, vector: [1] });
  });
}

test('every subscriber sees every version once and in order, also when listeners commit (I9)', () => {
  const cell = new CowShardexIndex(EMPTY);
  const seen: string[] = [];
  cell.subscribe(({ version }) => {
    seen.push(`first ${version}`);
    if (version < 4) add(cell, `d${version}`);
  });
  cell.subscribe(({ version }) => {
    seen.push(`second ${version}`);
  });
  add(cell, 'd0');
  expect(seen).toEqual([1, 2, 3, 4].flatMap((n) => [`first ${n}`, `second ${n}`]));
});

test('a listener that throws starves nobody, and its error is told (I9)', () => {
  const told: unknown[] = [];
  const cell = new CowShardexIndex(EMPTY, {
    onError: (error, { version }) => {
      told.push([error, version]);
    },
  });
  const failure = new Error('mine');
  cell.subscribe(() => {
    throw failure;
  });
  const seen = vi.fn();
  cell.subscribe(seen);
  add(cell, 'a');
  expect(told).toEqual([[failure, 1]]);
  expect(seen).toHaveBeenCalledTimes(1);
  expect(cell.postingCount).toBe(1);
});

test('without a handler a listener’s error comes out as an uncaught one', async () => {
  const cell = new CowShardexIndex(EMPTY);
  const failure = new Error('mine');
  const listeners = process.listeners('uncaughtException');
  process.removeAllListeners('uncaughtException');
  const uncaught = new Promise((resolve) => process.once('uncaughtException', resolve));
  cell.subscribe(() => {
    throw failure;
  });
  add(cell, 'a');
  expect(await uncaught).toBe(failure);
  for (const listener of listeners) process.on('uncaughtException', listener);
});

test('who unsubscribes hears no more, and who subscribes hears what comes after, even in the middle of telling', () => {
  const cell = new CowShardexIndex(EMPTY);
  const seen: string[] = [];
  const late: CommitListener = ({ version }) => seen.push(`late ${version}`);
  const subscribed: (() => void)[] = [];
  cell.subscribe(({ version }) => {
    if (version === 1) {
      subscribed[0]();
      cell.subscribe(late);
      add(cell, 'b');
    }
  });
  subscribed.push(cell.subscribe(({ version }) => seen.push(`gone ${version}`)));
  add(cell, 'a');
  expect(seen).toEqual(['late 2']);
});

test('who subscribes after a version was published does not hear of it, though others are yet to be told', () => {
  const cell = new CowShardexIndex(EMPTY);
  const seen: number[] = [];
  cell.subscribe(({ version }) => {
    if (version > 1) return;
    add(cell, 'b');
    cell.subscribe((commit) => seen.push(commit.version));
  });
  add(cell, 'a');
  expect(seen).toEqual([]);
  add(cell, 'c');
  expect(seen).toEqual([3]);
});

test('commits tell what a replica needs to follow, over rebases and restorations too', () => {
  const cell = new CowShardexIndex(EMPTY, { history: { versions: 5 } });
  let replica = cell.read();
  cell.subscribe(({ previous, index, delta }: Commit) => {
    expect(previous.fingerprint).toBe(replica.fingerprint);
    replica = applyDelta(replica, delta);
    expect(replica.fingerprint).toBe(index.fingerprint);
  });
  const writer = cell.cloneForWrite();
  writer.addPosting({ documentId: 'mine', vector: [2] });
  add(cell, 'theirs');
  writer.commitChanges();
  cell.restore(1);
  cell.restore(2);
  expect(replica.version).toBe(4);
  expect(replica.postingCount).toBe(2);
});

test('a validator that throws keeps a version from being published, and the writer open', () => {
  const failure = new Error('too many');
  const cell = new CowShardexIndex(EMPTY, {
    history: { versions: 3 },
    validate: (next, delta) => {
      expect(delta.next.version).toBe(next.version);
      if (next.postingCount > 1) throw failure;
    },
  });
  const told = vi.fn();
  cell.subscribe(told);
  add(cell, 'a');
  const before = cell.read();
  const writer = cell.cloneForWrite();
  writer.addPosting({ documentId: 'b', vector: [2] });
  expect(() => writer.commitChanges()).toThrow(failure);
  expect(cell.read()).toBe(before);
  expect(cell.versions()).toEqual([0, 1]);
  expect(told).toHaveBeenCalledTimes(1);
  writer.removeDocument('a');
  expect(writer.commitChanges().version).toBe(2);
  expect(() => cell.commitChanges(cell.at(1), { expected: cell.at(1) })).not.toThrow();
});

test('an async validator is refused rather than not waited for', () => {
  const validate: () => unknown = () => Promise.reject(new Error('too late'));
  const cell = new CowShardexIndex(EMPTY, { validate: validate });
  expect(() => {
    add(cell, 'a');
  }).toThrow(AsyncRecipeError);
  expect(cell.read()).toBe(EMPTY);
});

test('a validator that commits itself loses nothing: what it looked at is rebased and looked at again (I3)', () => {
  const looked: number[] = [];
  let inside = false;
  const cell: CowShardexIndex = new CowShardexIndex(EMPTY, {
    validate: (next) => {
      looked.push(next.postingCount);
      if (inside) return;
      inside = true;
      add(cell, 'from within');
    },
  });
  add(cell, 'from without');
  expect(cell.postingCount).toBe(2);
  expect(looked).toEqual([1, 1, 2]);
});

test('forks go their own ways, though they append to one block', () => {
  const main = new CowShardexIndex(EMPTY);
  add(main, 'common');
  const branch = main.fork();
  expect(branch.read()).toBe(main.read());
  add(main, 'ours');
  add(branch, 'theirs');
  expect([main.version, branch.version]).toEqual([2, 2]);
  expect(main.read().fingerprint).not.toBe(branch.read().fingerprint);
  expect([main.postingCount, branch.postingCount]).toEqual([2, 2]);
});

test('what is no function is refused', () => {
  const cell = new CowShardexIndex(EMPTY);
  expect(() => cell.subscribe(undefined as unknown as CommitListener)).toThrow(InvalidOptionError);
  for (const options of [{ validate: 3 }, { onError: 'x' }] as unknown as Record<string, never>[])
    expect(() => new CowShardexIndex(EMPTY, options)).toThrow(InvalidOptionError);
});

describe('who subscribes with `since` has been told of what it missed when the call returns', () => {
  const historical = (): CowShardexIndex => {
    const cell = new CowShardexIndex(EMPTY, { history: { versions: 50 } });
    add(cell, 'a');
    add(cell, 'b');
    return cell;
  };

  test('also inside a listener, before others are told of the commit that is under way', () => {
    const cell = historical();
    const log: string[] = [];
    let toldAtOnce = -1;
    const first = cell.subscribe(({ version }) => {
      first();
      add(cell, 'during');
      const heard: number[] = [];
      cell.subscribe(
        (commit) => {
          heard.push(commit.version);
          log.push(`late ${commit.version}`);
        },
        { since: 0 },
      );
      toldAtOnce = heard.length;
      log.push(`first ${version}`);
    });
    cell.subscribe(({ version }) => log.push(`second ${version}`));
    add(cell, 'c');
    add(cell, 'd');
    expect(toldAtOnce).toBe(4);
    expect(log).toEqual([
      ...[1, 2, 3, 4].map((version) => `late ${version}`),
      'first 3',
      'second 3',
      'second 4',
      'second 5',
      'late 5',
    ]);
  });

  test('and what it commits while it is told comes after all of that', () => {
    const cell = historical();
    const log: string[] = [];
    cell.subscribe(({ version }) => log.push(`other ${version}`));
    cell.subscribe(
      ({ version }) => {
        log.push(`late ${version}`);
        if (version === 1) add(cell, 'meanwhile');
      },
      { since: 0 },
    );
    expect(log).toEqual(['late 1', 'late 2', 'other 3', 'late 3']);
  });

  test('also inside one that is being told itself, each of every version once and in order (I9)', () => {
    const cell = historical();
    const heard = new Map<number, number[]>();
    const subscribe = (depth: number): void => {
      const versions: number[] = [];
      heard.set(depth, versions);
      cell.subscribe(
        ({ version }) => {
          versions.push(version);
          if (depth < 3 && version === 1) subscribe(depth + 1);
          if (version === 2) add(cell, `of ${depth}`);
        },
        { since: 0 },
      );
      // Inside of its own telling it is not told of what it commits there.
      expect(versions.slice(0, 2)).toEqual([1, 2]);
    };
    subscribe(1);
    add(cell, 'last');
    for (const versions of heard.values()) expect(versions).toEqual([1, 2, 3, 4, 5, 6]);
    expect(heard.size).toBe(3);
  });

  test('and one that throws then is told to onError, and told the rest', () => {
    const told: unknown[] = [];
    const cell = new CowShardexIndex(EMPTY, {
      history: { versions: 5 },
      onError: (_, { version }) => told.push(version),
    });
    add(cell, 'a');
    add(cell, 'b');
    cell.subscribe(
      () => {
        throw new Error('mine');
      },
      { since: 0 },
    );
    add(cell, 'c');
    expect(told).toEqual([1, 2, 3]);
  });

  test('a stream inside a listener has them, too', async () => {
    const cell = historical();
    let stream: AsyncIterableIterator<Commit> | undefined;
    cell.subscribe(() => {
      stream ??= cell.changes({ since: 0 });
      cell.close();
    });
    add(cell, 'c');
    const versions: number[] = [];
    for await (const { version } of stream ?? []) versions.push(version);
    expect(versions).toEqual([1, 2, 3]);
  });
});
