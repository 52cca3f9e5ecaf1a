// Writes the results of a suite to docs/benchmarks/ and the README.
import { execFileSync } from 'node:child_process';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { format } from 'prettier';
import { draw } from './chart.js';
import { drawHeatMap } from './heat-map.js';
import { machine } from './machine.js';
import { type Options, partOf } from './options.js';
import { type Results, report, suiteNames } from './report.js';
import type { SuiteResult } from './result.js';
import type { SuiteName } from './suites.js';

const root = new URL('../', import.meta.url);

/**
 * Writes a suite's results beside those of the other suites, and into the README the figures that it shows. Returns the
 * folder's name.
 */
export async function publish(name: SuiteName, result: SuiteResult, options: Options): Promise<string> {
  const only = partOf(options);
  const isPrivate = only !== undefined && options.publish !== true;
  const folder = options.quick ? 'bench/quick' : isPrivate ? 'bench/partial' : 'docs/benchmarks';
  const at = new URL(`${folder}/`, root);
  await mkdir(at, { recursive: true });

  const file = new URL('results.json', at);
  const before = JSON.parse(await readFile(file, 'utf8').catch(() => '{}')) as Results;
  const date = new Date().toISOString().slice(0, 10);
  const all: Results = {
    ...before,
    [name]: { machine: machine(), date, commit: commit(), ...(only !== undefined && { only }), ...result },
  };
  // In the order of the suites, and without any that are no more.
  const results: Results = Object.fromEntries(
    suiteNames.filter((known) => known in all).map((known) => [known, all[known]]),
  );
  await writeFile(file, await format(JSON.stringify(results), { parser: 'json', printWidth: 110 }));
  await writeFile(new URL('results.md', at), await report(results));
  for (const chart of result.charts)
    await writeFile(
      new URL(`${chart.file}.svg`, at),
      await ('panels' in chart ? drawHeatMap(chart) : draw(chart)),
    );
  if (folder === 'docs/benchmarks')
    execFileSync(process.execPath, ['scripts/figures.mjs'], { cwd: root, stdio: 'inherit' });
  return `${folder}/`;
}

function commit(): string {
  const git = (...args: string[]): string =>
    execFileSync('git', args, { cwd: root, encoding: 'utf8' }).trim();
  // What suites before have published is no change of what this one measures.
  const isDirty = git('status', '--porcelain', '--untracked-files=no', '--', '.', ':!docs/benchmarks') !== '';
  return git('describe', '--always') + (isDirty ? '-dirty' : '');
}
