// An index of texts that follows a cell has the texts of its current version, after any commits, and is told no more than that.
import fc from 'fast-check';
import {
  CellClosedError,
  CowShardexIndex,
  InvalidOptionError,
  createIndex,
  documents,
  followTexts,
} from 'shardex';
import { memoryLog, openStore } from 'shardex/store';
import { expect, test } from 'vitest';
import { thrownBy } from '../support/thrown.js';

/** As strict as MiniSearch: it refuses to add what it has, and to discard what it has not. */
class StrictTexts {
  readonly texts = new Map<string, string>();
  calls = 0;

  add({ id, text }: { id: string; text: string }): void {
    this.calls++;
    if (this.texts.has(id)) throw new Error(`${id} is there`);
    this.texts.set(id, text);
  }

  discard(id: string): void {
    this.calls++;
    if (!this.texts.delete(id)) throw new Error(`${id} is not there`);
  }
}

function failing(error: unknown): void {
  throw error;
}

function newCell(): CowShardexIndex {
  return new CowShardexIndex(createIndex({ dimensions: 1 }), { history: { versions: 9 }, onError: failing });
}

function textsOf(cell: Pick<CowShardexIndex, 'read'>): Map<string, string> {
  return new Map(
    [...documents(cell.read())].flatMap(({ documentId, text }) =>
      text === undefined ? [] : [[documentId, text]],
    ),
  );
}

const ids = fc.constantFrom('a', 'b', 'c', 'd');
const change = fc.oneof(
  fc.record({ id: ids, text: fc.option(fc.constantFrom('', 'x', 'a longer text'), { nil: undefined }) }),
  fc.record({ id: ids, remove: fc.constant(true as const) }),
  fc.record({ id: ids, vector: fc.constantFrom([1], [2]) }),
  fc.record({ id: ids, metadata: fc.record({ n: fc.nat(2) }) }),
  fc.record({ restore: fc.nat(8) }),
);

// Sets, replaces and removes texts, alone and with others in one commit; goes back; changes vectors and metadata.
test('it has the texts of the current version, after every commit', () => {
  fc.assert(
    fc.property(fc.array(fc.array(change, { maxLength: 3 })), fc.nat(), (commits, start) => {
      const cell = newCell();
      const strict = new StrictTexts();
      const from = commits.length === 0 ? 0 : start % commits.length;
      commits.forEach((changes, at) => {
        if (at === from) followTexts(cell, strict);
        for (const each of changes) {
          if (!('restore' in each)) continue;
          const versions = cell.versions();
          cell.restore(versions[each.restore % versions.length]);
        }
        cell.update((draft) => {
          for (const each of changes) {
            if ('restore' in each) continue;
            if ('remove' in each) draft.removeDocument(each.id);
            else if ('vector' in each) draft.addPosting({ documentId: each.id, vector: each.vector });
            else if ('metadata' in each) draft.setMetadata(each.id, each.metadata);
            else draft.setText(each.id, each.text);
          }
        });
        if (at >= from) expect(strict.texts).toEqual(textsOf(cell));
      });
    }),
  );
});

test('vectors and metadata that change do not touch it, and after the end nothing does', () => {
  const cell = newCell();
  const strict = new StrictTexts();
  cell.update((draft) => {
    draft.setText('a', 'Cats purr.');
  });
  const stop = followTexts(cell, strict);
  expect(strict.calls).toBe(1);
  cell.update((draft) => {
    draft.setMetadata('a', { tag: 'x' });
    draft.addPosting({ documentId: 'a', vector: [1] });
    draft.setText('a', 'Cats purr.');
  });
  expect(strict.calls).toBe(1);
  stop();
  cell.update((draft) => {
    draft.removeDocument('a');
  });
  expect(strict.texts).toEqual(new Map([['a', 'Cats purr.']]));
});

test('it follows a store that is opened again, from the texts that are in it', async () => {
  const log = memoryLog();
  const store = await openStore(log, { dimensions: 1 });
  await store.update((draft) => {
    draft.setText('a', 'Cats purr.');
  });
  await store.close();
  const again = await openStore(memoryLog(log));
  const strict = new StrictTexts();
  followTexts(again, strict);
  await again.update((draft) => {
    draft.setText('b', 'Trains run.');
  });
  expect(strict.texts).toEqual(textsOf(again));
  await again.undo();
  expect(strict.texts).toEqual(new Map([['a', 'Cats purr.']]));
  await again.close();
});

test('what is no cell or no index of texts is refused, and so is a closed cell; an index that fails at once is not followed', () => {
  const cell = newCell();
  expect(thrownBy(() => followTexts(cell.read() as never, new StrictTexts()))).toBeInstanceOf(
    InvalidOptionError,
  );
  expect(thrownBy(() => followTexts(cell, { add: () => undefined } as never))).toMatchObject({
    message: expect.stringContaining('texts.discard') as string,
  });
  expect(thrownBy(() => followTexts(cell, undefined as never))).toBeInstanceOf(InvalidOptionError);
  cell.update((draft) => {
    draft.setText('a', 'Cats purr.');
  });
  const failure = new Error('no room');
  const calls: string[] = [];
  const full = {
    add: ({ id }: { id: string }) => {
      calls.push(id);
      failing(failure);
    },
    discard: () => undefined,
  };
  expect(thrownBy(() => followTexts(cell, full))).toBe(failure);
  cell.update((draft) => {
    draft.setText('b', 'Trains run.');
  });
  expect(calls).toEqual(['a']);
  cell.close();
  const strict = new StrictTexts();
  expect(thrownBy(() => followTexts(cell, strict))).toBeInstanceOf(CellClosedError);
  expect(strict.calls).toBe(0);
});
