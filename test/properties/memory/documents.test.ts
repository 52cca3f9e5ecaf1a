import { expect, test } from 'vitest';
import { IdColumn } from '../../../src/collections/id-column.js';
import { StringMap, StringMapDraft } from '../../../src/collections/string-map.js';
import { collectGarbage } from '../../support/garbage.js';

async function heapUsed(): Promise<number> {
  await collectGarbage();
  return process.memoryUsage().heapUsed;
}

const COUNT = 200_000;

/** A string of its own, of 15 characters, each time. */
const idOf = (i: number): string => `document ${100_000 + i}`;

/** What each of so many ids adds to the heap. */
async function bytesFor(made: () => unknown, count: number): Promise<number> {
  // Once without measuring, so that the code is compiled.
  made();
  const before = await heapUsed();
  const kept = made();
  const after = await heapUsed();
  expect(kept).toBeDefined();
  return (after - before) / count;
}

test('a document takes at most 12 bytes of heap beside the characters of its id', async () => {
  const made = (): StringMap => {
    const draft = new StringMapDraft(StringMap.empty());
    for (let i = 0; i < COUNT; i++) draft.set(idOf(i), i);
    return draft.finish();
  };
  expect(made().size).toBe(COUNT);
  expect(await bytesFor(made, COUNT)).toBeLessThan(15 + 12);
});

test('a row takes at most 10 bytes of heap for its id beside the characters, in small blocks too', async () => {
  const rows = 40;
  const blocks = Math.floor(COUNT / rows);
  const made = (): IdColumn[] =>
    Array.from({ length: blocks }, (_, b) => {
      const column = new IdColumn(rows);
      for (let row = 0; row < rows; row++) column.set(row, idOf(rows * b + row));
      return column;
    });
  expect(await bytesFor(made, blocks * rows)).toBeLessThan(15 + 10);
});
