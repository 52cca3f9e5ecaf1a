// Runs every example of the README, the guides and the doc comments (scripts/extract-examples.mjs).
import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

const folder = new URL('generated/', import.meta.url);
const ending = '.example.ts';
const examples = readdirSync(folder).filter((name) => name.endsWith(ending));

test('there are examples', () => {
  expect(examples).not.toEqual([]);
});

for (const name of examples) {
  // The first line says where the example comes from.
  const source = readFileSync(new URL(name, folder), 'utf8').split('\n', 1).join('').replace('// ', '');
  test(source, async () => {
    const stem = name.slice(0, -ending.length);
    const { run } = (await import(`./generated/${stem}.example.ts`)) as { run: () => Promise<void> };
    await run();
  });
}
