// The figures of the README are those of docs/benchmarks/results.json.
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { withFigures } from '../scripts/figures.mjs';

type Results = Parameters<typeof withFigures>[1];

const readme = read('README.md');
const results = JSON.parse(read('docs/benchmarks/results.json')) as Results;

function read(path: string): string {
  return readFileSync(new URL(`../${path}`, import.meta.url), 'utf8');
}

test('the README has the figures of the last benchmarks', async () => {
  expect(await withFigures(readme, results)).toBe(readme);
});

test('another result would change the README', async () => {
  const other = structuredClone(results);
  const rows = other.search.tables[0].rows;
  rows[0] = rows[0].map((text) => (text === '13 s' ? '14 s' : text));
  expect(await withFigures(readme, other)).not.toBe(readme);
});

test('a rival that is overtaken is no loss any more, and a table that is gone is missed', async () => {
  const faster = structuredClone(results);
  for (const { caption, rows } of faster.search.tables)
    if (caption.startsWith('Synthetic vectors in one cloud, euclidean: 50,000'))
      rows[0] = rows[0].map((text, i) => (i < 5 ? text : '99,999'));
  await expect((async () => withFigures(readme, faster))()).rejects.toThrow('no longer faster');

  const gone = structuredClone(results);
  gone.threads.tables = [];
  await expect((async () => withFigures(readme, gone))()).rejects.toThrow('has no table');
});

test('no figure is so noisy that it says nothing', () => {
  expect(readme).not.toContain('too noisy');
  for (const [, margin] of read('docs/benchmarks/results.md').matchAll(/± ([\d.,]+) %/g))
    expect(Number(margin)).toBeLessThanOrEqual(20);
});
