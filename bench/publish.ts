import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { format } from 'prettier';
import { draw } from './chart.js';
import { drawHeatMap } from './heat-map.js';
import { machine } from './machine.js';
import { type Options, isPartial } from './options.js';
import type { SuiteResult } from './result.js';
import { SUITES, type SuiteName } from './suites.js';
import { markdown } from './tables.js';

/** The result of a suite, with when and where it was found. Each suite ran as a whole, so its numbers can be compared. */
interface Published extends SuiteResult {
  readonly machine: string;
  readonly date: string;
}

const suiteNames = Object.keys(SUITES) as SuiteName[];

type Results = Partial<Record<SuiteName, Published>>;

/** Writes a suite's results beside those of the other suites. Returns the folder's name. */
export async function publish(name: SuiteName, result: SuiteResult, options: Options): Promise<string> {
  const folder = options.quick ? 'bench/quick' : isPartial(options) ? 'bench/partial' : 'docs/benchmarks';
  const at = new URL(`../${folder}/`, import.meta.url);
  await mkdir(at, { recursive: true });

  const file = new URL('results.json', at);
  const before = JSON.parse(await readFile(file, 'utf8').catch(() => '{}')) as Results;
  const date = new Date().toISOString().slice(0, 10);
  const all: Results = { ...before, [name]: { machine: machine(), date, ...result } };
  // In the order of the suites, and without any that are no more.
  const results = Object.fromEntries(
    suiteNames.filter((known) => known in all).map((known) => [known, all[known]]),
  );
  await write(file, JSON.stringify(results), 'json');
  await write(new URL('results.md', at), report(results), 'markdown');
  for (const chart of result.charts)
    await writeFile(
      new URL(`${chart.file}.svg`, at),
      await ('panels' in chart ? drawHeatMap(chart) : draw(chart)),
    );
  return `${folder}/`;
}

function report(results: Results): string {
  // The title is for the API reference, which shows this page among the guides.
  const parts = [
    '---\ntitle: Benchmarks\n---',
    '# Benchmarks',
    'Written by `npm run bench`. Ratios are of numbers from one run.',
  ];
  for (const name of suiteNames) {
    const suite = results[name];
    if (suite === undefined) continue;
    parts.push(`## ${suite.title}`, suite.method, `Measured on ${suite.date}: ${suite.machine}.`);
    parts.push(...suite.charts.map(({ title, file }) => `![${title}](${file}.svg)`));
    parts.push(...suite.tables.map(markdown));
  }
  return parts.join('\n\n');
}

async function write(file: URL, text: string, parser: 'json' | 'markdown'): Promise<void> {
  await writeFile(file, await format(text, { parser, printWidth: 110 }));
}
