// Writes the figures of README.md from docs/benchmarks/results.json, between the marks <!-- figures --> and
// <!-- /figures -->. With --check it changes nothing, and fails where the README says something else.
import { readFileSync, realpathSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { format } from 'prettier';

/**
 * @typedef {{ caption: string, head: string[], rows: string[][] }} Table
 * @typedef {{ machine: string, commit: string, tables: Table[] }} Suite
 * @typedef {Record<string, Suite>} Results
 */

const root = new URL('../', import.meta.url);

/**
 * The text with the figures that the results have.
 *
 * @param {string} text
 * @param {Results} results
 */
export function withFigures(text, results) {
  const parts = text.split(/(?<=<!-- figures -->)|(?=<!-- \/figures -->)/);
  if (parts.length !== 3) throw new Error('README.md must have the marks for figures once.');
  const [before, , after] = parts;
  const figures = [rivals(results), 'Where it loses:', losses(results), source(results)].join('\n\n');
  return format(`${before}\n\n${figures}\n\n${after}`, {
    parser: 'markdown',
    printWidth: 110,
    singleQuote: true,
  });
}

/** @param {Results} results */
function rivals(results) {
  const built = tableOf(results, 'search', 'Word vectors, cosine: 340,479');
  const added = tableOf(results, 'search', 'Word vectors, cosine: adding one vector');
  const head = ['', 'recall 0.90', 'recall 0.95', 'recall 0.99', 'build', 'memory', 'add and find one'];
  const rows = [
    ['Shardex', 'Shardex, recall'],
    ['hnswlib-node', 'hnswlib-node'],
    ['usearch', 'usearch'],
  ].map(([name, row]) => [
    name,
    ...['at recall 0.9', 'at recall 0.95', 'at recall 0.99'].map((recall) => cell(built, row, recall)),
    cell(built, row, 'built in'),
    cell(built, row, 'memory added'),
    // Its mean, which the median follows in brackets.
    cell(added, row, 'add').replace(/ \(.*/, ''),
  ]);
  return [head, ['--', ...head.slice(1).map(() => '--:')], ...rows]
    .map((cells) => `| ${cells.join(' | ')} |`)
    .join('\n');
}

/** @param {Results} results */
function losses(results) {
  const words = tableOf(results, 'search', 'Word vectors, cosine: 340,479');
  const clusters = tableOf(results, 'search', 'Synthetic vectors in clusters, cosine: 20,000');
  const cloud = tableOf(results, 'search', 'Synthetic vectors in one cloud, euclidean: 50,000');
  const commits = tableOf(results, 'commit', 'Time of a commit');
  const routing = tableOf(results, 'routing', 'Time to find the nearest shard');
  const paced = tableOf(results, 'threads', 'Latency of a paced search');
  const resident = tableOf(results, 'resident', '340,479 word vectors');
  const at = 'at recall 0.9';
  const few = commits.head[1];
  const [, small, , large] = routing.head;
  const add = 'Shardex: add a posting';
  return [
    `**Data without clusters.** On 50,000 vectors of 32 dimensions at recall 0.90, hnswlib-node makes ${more(cloud, 'hnswlib-node', at)} searches a second.`,
    `**Small sets of long vectors.** On 20,000 of 768 dimensions at recall 0.90, usearch makes ${more(clusters, 'usearch', at)}.`,
    `**Proven bounds.** \`slopFactor\` in place of \`recall\` is slower: ${cell(words, 'Shardex, slopFactor', at)} searches a second at recall 0.90 of the words, not ${cell(words, 'Shardex, recall', at)}.`,
    `**Few small records.** A commit to ${few} shards takes ${mean(commits, 'Shardex: remove', few)}; an object spread of as many records ${mean(commits, 'object spread', few)}.`,
    `**Adding grows with the index.** Adding and removing a posting takes ${mean(routing, add, small)} at ${small} shards, and ${mean(routing, add, large)} at ${large}, in the worst case.`,
    `**The slowest searches beside a writer.** At a search every 2 ms, the 99th percentile in a replica is ${cell(paced, 'in a replica, while the owner writes', 'p99')}. While its owner only computes, it is ${cell(paced, 'in a replica, while the owner burns', 'p99')}.`,
    `**Memory.** A process with the words takes ${Number(cell(resident, '**the process**', 'times raw')).toFixed(2)} times the bytes of their vectors, Node included.`,
  ]
    .map((line) => `- ${line}`)
    .join('\n');
}

/** @param {Results} results */
function source(results) {
  /** @type {Map<string, string[]>} */
  const groups = new Map();
  for (const [suite, name] of Object.entries(NAMES)) {
    const { commit, machine } = results[suite];
    const of = `of commit ${commit}, on ${machine}`;
    groups.set(of, [...(groups.get(of) ?? []), name]);
  }
  const [[first], ...others] = groups;
  const exceptions = others.map(([of, names]) => `those of ${names.join(', ')} are ${of}`);
  const measured = [`${others.length > 0 ? 'Figures' : 'All figures'} are ${first}`, ...exceptions].join(
    '; ',
  );
  return `${measured}. Later changes are not in them. [Benchmarks](docs/benchmarks/results.md) has all tables and how they were measured.`;
}

/** The suites whose figures are in the README, and what they measure. */
const NAMES = {
  search: 'searches',
  commit: 'commits',
  routing: 'adding',
  threads: 'threads',
  resident: 'memory',
};

/**
 * @param {Results} results
 * @param {string} suite
 * @param {string} caption how it begins
 */
function tableOf(results, suite, caption) {
  const table = results[suite].tables.find((one) => one.caption.startsWith(caption));
  if (table === undefined) throw new Error(`The suite ${suite} has no table "${caption} …".`);
  return table;
}

/**
 * @param {Table} table
 * @param {string} row its first cell, or how that alone begins
 * @param {string} column
 */
function cell(table, row, column) {
  const at = table.head.indexOf(column);
  const exact = table.rows.filter(([first]) => first === row);
  const rows = exact.length > 0 ? exact : table.rows.filter(([first]) => first.startsWith(row));
  if (at < 0 || rows.length !== 1) throw new Error(`"${table.caption}" has not one ${row} × ${column}.`);
  return rows[0][at];
}

/**
 * A time without its margin of error.
 *
 * @param {Table} table
 * @param {string} row
 * @param {string} column
 */
function mean(table, row, column) {
  return cell(table, row, column).replace(/ ±.*/, '');
}

/**
 * "22,333, Shardex 18,073": only where the rival has more, as it would be no loss otherwise.
 *
 * @param {Table} table
 * @param {string} rival
 * @param {string} column
 */
function more(table, rival, column) {
  const [theirs, ours] = [rival, 'Shardex, recall'].map((row) => cell(table, row, column));
  const [high, low] = [theirs, ours].map((count) => Number(count.replaceAll(',', '')));
  if (!(high > low))
    throw new Error(`${rival} is no longer faster (${table.caption}): say so in the README.`);
  return `${theirs}, Shardex ${ours}`;
}

const started = process.argv.at(1);
if (started !== undefined && realpathSync(started) === fileURLToPath(import.meta.url)) {
  const readme = new URL('README.md', root);
  const text = readFileSync(readme, 'utf8');
  /** @type {unknown} */
  const results = JSON.parse(readFileSync(new URL('docs/benchmarks/results.json', root), 'utf8'));
  const written = await withFigures(text, /** @type {Results} */ (results));
  if (!process.argv.includes('--check')) writeFileSync(readme, written);
  else if (written !== text) {
    console.error('README.md has other figures than docs/benchmarks/results.json. Run: npm run figures');
    process.exitCode = 1;
  }
}
