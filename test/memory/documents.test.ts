import { expect, test } from 'vitest';
import { StringMap, StringMapDraft } from '../../src/version/string-map.js';
import { collectGarbage } from '../support/garbage.js';

async function heapUsed(): Promise<number> {
  await collectGarbage();
  return process.memoryUsage().heapUsed;
}

test('a document takes at most 12 bytes of heap beside the characters of its id', async () => {
  const ids = Array.from({ length: 200_000 }, (_, i) => `document ${i}`);
  const made = (): StringMap => {
    const draft = new StringMapDraft(StringMap.empty());
    ids.forEach((id, i) => {
      draft.set(id, i);
    });
    return draft.finish();
  };
  // Once without measuring, so that the ids are flat and the code is compiled.
  made();
  const before = await heapUsed();
  const map = made();
  const after = await heapUsed();
  expect((after - before) / ids.length).toBeLessThan(12 + 15);
  expect(map.size).toBe(ids.length);
});
