// Writes results.md from results.json. Run by itself it rewrites docs/benchmarks/results.md, or with --check fails
// where that file says something else.
import { readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { format } from 'prettier';
import type { SuiteResult } from './result.js';
import { SUITES, type SuiteName } from './suites.js';
import { markdown } from './tables.js';

/** The result of a suite, with when, where and of what it was found. Its numbers are of one run, so they can be compared. */
export interface Published extends SuiteResult {
  readonly machine: string;
  readonly date: string;
  /** The commit that was measured, as `git describe --always --dirty` names it. */
  readonly commit: string;
  /** The part that was measured, where it is not everything. */
  readonly only?: string;
}

export type Results = Partial<Record<SuiteName, Published>>;

export const suiteNames = Object.keys(SUITES) as SuiteName[];

/** The page of all results, as it is to be written. */
export function report(results: Results): Promise<string> {
  // The title is for the API reference, which shows this page among the guides.
  const parts = [
    '---\ntitle: Benchmarks\ngroup: Guides\n---',
    '# Benchmarks',
    'Written by `npm run bench`. Ratios are of numbers from one run. A mean whose margin of error is over 20 % is printed as too noisy, and so is what would be calculated from it.',
  ];
  for (const name of suiteNames) {
    const suite = results[name];
    if (suite === undefined) continue;
    const { title, method, date, machine, commit, only, charts, tables } = suite;
    parts.push(`## ${title}`, method, `Measured on ${date}, commit ${commit}: ${machine}.`);
    if (only !== undefined) parts.push(`Only a part was measured: ${only}.`);
    parts.push(...charts.map((chart) => `![${chart.title}](${chart.file}.svg)`));
    parts.push(...tables.map(markdown));
  }
  return format(parts.join('\n\n'), { parser: 'markdown', printWidth: 110 });
}

if (process.argv.at(1) === fileURLToPath(import.meta.url)) {
  const folder = new URL('../docs/benchmarks/', import.meta.url);
  const results = JSON.parse(await readFile(new URL('results.json', folder), 'utf8')) as Results;
  const page = new URL('results.md', folder);
  const text = await report(results);
  if (!process.argv.includes('--check')) await writeFile(page, text);
  else if ((await readFile(page, 'utf8')) !== text) {
    console.error('docs/benchmarks/results.md is not what results.json says. Run: npx tsx bench/report.ts');
    process.exitCode = 1;
  }
}
