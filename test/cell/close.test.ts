import { expect, test } from 'vitest';
import { CellClosedError, CowShardexIndex, VersionNotKeptError, createIndex, search } from 'shardex';
import { rejectionOf } from '../support/thrown.js';

function filled(): CowShardexIndex {
  const cell = new CowShardexIndex(createIndex({ dimensions: 1 }), { history: { versions: 10 } });
  for (const documentId of ['a', 'b', 'c']) {
    cell.update((draft) => {
      draft.addPosting({ documentId, vector: [1] });
    });
  }
  return cell;
}

test('a closed cell publishes nothing more, by any of its ways', async () => {
  const cell = filled();
  const writer = cell.cloneForWrite();
  writer.removeDocument('a');
  const pending = cell.updateAsync(async (draft) => {
    await Promise.resolve();
    draft.removeDocument('b');
  });
  const last = cell.read();
  cell.tag('kept');
  cell.close();
  cell.close();
  expect(cell.isClosed).toBe(true);
  expect(() => writer.commitChanges()).toThrow(CellClosedError);
  expect(() => cell.update(() => undefined)).toThrow(CellClosedError);
  expect(() => cell.cloneForWrite()).toThrow(CellClosedError);
  expect(() => cell.commitChanges(last, { expected: last })).toThrow(CellClosedError);
  expect(() => cell.restore(3)).toThrow(CellClosedError);
  expect(() => {
    cell.tag('late');
  }).toThrow(CellClosedError);
  expect(await rejectionOf(pending)).toBeInstanceOf(CellClosedError);
  expect(await rejectionOf(cell.updateAsync(() => undefined))).toBeInstanceOf(CellClosedError);
  expect(cell.read()).toBe(last);
  // The writer is open as before: what it has can be looked at, and given up.
  expect(writer.preview().documentCount).toBe(2);
  writer.discard();
  expect(cell.metrics()).toMatchObject({ liveWriters: 0, pendingWrites: 0 });
});

test('it goes on answering, lets go of its past, and leaves pins to their holders', () => {
  const cell = filled();
  const pin = cell.pin({ version: 1, label: 'mine' });
  cell.tag('first', 1);
  cell.close();
  expect(search(cell.read(), [1], { k: 3 })).toHaveLength(3);
  expect(cell.versions()).toEqual([1, 3]);
  expect(cell.tags().size).toBe(0);
  expect(() => cell.at(2)).toThrow(VersionNotKeptError);
  expect(cell.at(1)).toBe(pin.index);
  expect(cell.held().find(({ version }) => version === 1)?.pins[0].label).toBe('mine');
  pin.release();
  expect(() => cell.at(1)).toThrow(VersionNotKeptError);
  // A new cell goes on from where it stopped.
  const next = cell.fork();
  next.update((draft) => {
    draft.removeDocument('a');
  });
  expect([next.postingCount, cell.postingCount]).toEqual([2, 3]);
});

test('closing from inside: a listener gets the commit that is under way, and no more', () => {
  const cell = filled();
  const seen: string[] = [];
  cell.subscribe(({ version }) => {
    seen.push(`first ${version}`);
    cell.close();
  });
  cell.subscribe(({ version }) => seen.push(`second ${version}`));
  cell.update((draft) => {
    draft.removeDocument('a');
  });
  expect(seen).toEqual(['first 4', 'second 4']);
  expect(cell.version).toBe(4);
});

test('a validator that closes the cell has nothing published', () => {
  let close = (): void => undefined;
  const cell = new CowShardexIndex(createIndex({ dimensions: 1 }), {
    validate: () => {
      close();
    },
  });
  close = () => {
    cell.close();
  };
  expect(() =>
    cell.update((draft) => {
      draft.addPosting({ documentId: 'a', vector: [1] });
    }),
  ).toThrow(CellClosedError);
  expect(cell.version).toBe(0);
});
