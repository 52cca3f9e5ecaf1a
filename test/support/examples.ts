/*
 * Runs the examples that scripts/extract-examples.mjs has put into a folder: a test each, which is named after the place of the
 * example.
 */
import { readFileSync, readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const ENDING = /\.example\.tsx?$/;

interface Example {
  readonly run: () => Promise<void>;
}

/** Declares a test for each. */
export function testExamples(folder: URL): void {
  const examples = readdirSync(folder).filter((name) => ENDING.test(name));

  test('there are examples', () => {
    expect(examples).not.toEqual([]);
  });

  for (const name of examples) {
    // The first line says where the example comes from.
    const source = readFileSync(new URL(name, folder), 'utf8').split('\n', 1).join('').replace('// ', '');
    test(source, async () => {
      await ((await import(fileURLToPath(new URL(name, folder)))) as Example).run();
    });
  }
}
