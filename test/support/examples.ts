/*
 * Runs the examples that scripts/extract-examples.mjs has put into a folder: a test each, which is named after the place of the
 * example.
 */
import { readFileSync, readdirSync } from 'node:fs';
import { expect, test } from 'vitest';

const ENDING = '.example.ts';

interface Example {
  readonly run: () => Promise<void>;
}

/** Declares a test for each; `load` imports one by its name without the ending. */
export function testExamples(folder: URL, load: (stem: string) => Promise<unknown>): void {
  const examples = readdirSync(folder).filter((name) => name.endsWith(ENDING));

  test('there are examples', () => {
    expect(examples).not.toEqual([]);
  });

  for (const name of examples) {
    // The first line says where the example comes from.
    const source = readFileSync(new URL(name, folder), 'utf8').split('\n', 1).join('').replace('// ', '');
    test(source, async () => {
      await ((await load(name.slice(0, -ENDING.length))) as Example).run();
    });
  }
}
