/*
 * The commands that read: search, show, stats.
 */

import { statSync } from 'node:fs';
import {
  type Filter,
  type Metadata,
  type SearchResult,
  type ShardexIndex,
  getDocument,
  hasDocument,
  postings,
  search,
  similar,
  snippet,
  statistics,
} from 'shardex';
import { json, vector, whole } from '../arguments.js';
import type { AddCommands, Context } from '../context.js';
import { bytesText } from '../output.js';
import { openInput } from '../formats/read-bytes.js';
import { indexAt } from '../refs.js';
import { CommandFailure, EXIT } from '../streams.js';

interface SearchOptions {
  readonly vector?: readonly number[];
  readonly like?: string;
  readonly k: number;
  readonly where?: Filter;
  readonly exact?: boolean;
  readonly at?: string;
}

export const lookCommands: AddCommands = (program, context) => {
  program
    .command('search')
    .description('find the nearest to a vector, or to a document')
    .option(
      '-v, --vector <numbers>',
      'the vector, as [0.1,0.2]; without it and --like it is read from the pipe',
      vector,
    )
    .option('-l, --like <document>', 'more like this document')
    .option('-k <number>', 'how many', whole(1), 10)
    .option('-w, --where <filter>', `only documents whose metadata match, as '{"lang": "en"}'`, json)
    .option('--exact', 'look at everything')
    .option('--at <version>', 'the version (default: HEAD)')
    .action((options: SearchOptions) => find(context(), options));
  program
    .command('show <document>')
    .description('print a document: its text, metadata and postings')
    .option('--at <version>', 'the version (default: HEAD)')
    .action((documentId: string, options: { readonly at?: string }) => show(context(), documentId, options));
  program
    .command('stats')
    .description('count what is in the store, and what it takes')
    .action(() => stats(context()));
};

async function find(context: Context, options: SearchOptions): Promise<void> {
  const { vector: given, like, k, where, exact, at } = options;
  if (given !== undefined && like !== undefined)
    throw new CommandFailure('TWO_QUERIES', 'Give either --vector or --like.', EXIT.usage);
  await context.withStore(async (store) => {
    const index = await indexAt(store, at);
    const how = { k, ...(where && { where }), ...(exact === true && { slopFactor: 'all' as const }) };
    if (like !== undefined && !hasDocument(index, like)) throw noDocument(like, index);
    const query = given ?? (like === undefined ? await pipedVector(context) : []);
    const found = like === undefined ? search(index, query, how) : similar(index, like, how);
    print(context, index, found);
  });
}

async function pipedVector(context: Context): Promise<readonly number[]> {
  let text = '';
  const decoder = new TextDecoder();
  for await (const chunk of openInput('-', context.streams.stdin).chunks)
    text += decoder.decode(chunk, { stream: true });
  try {
    return vector(text);
  } catch {
    throw new CommandFailure(
      'NO_QUERY',
      'Say what to look for: --vector [0.1,0.2], --like DOCUMENT, or a vector in the pipe.',
      EXIT.usage,
    );
  }
}

function print({ output }: Context, index: ShardexIndex<Metadata>, found: readonly SearchResult[]): void {
  const rows = found.map((result) => {
    // Of a posting without a place in the text, the text itself.
    const part = snippet(index, result);
    const text = part === '' ? getDocument(index, result.documentId)?.text : part;
    return { ...result, ...(text !== undefined && { text }) };
  });
  output.table(
    rows,
    [
      { title: 'score', of: ({ score }) => score.toFixed(4), right: true },
      { title: 'distance', of: ({ distance }) => distance.toFixed(4), right: true },
      { title: 'document', of: ({ documentId }) => documentId },
      { title: 'start', of: ({ start }) => start, right: true },
      { title: 'length', of: ({ length }) => length, right: true },
      { title: 'text', of: ({ text }) => text },
    ],
    'Nothing found.',
  );
}

async function show(context: Context, documentId: string, { at }: { readonly at?: string }): Promise<void> {
  await context.withStore(async (store) => {
    const index = await indexAt(store, at);
    if (!hasDocument(index, documentId)) throw noDocument(documentId, index);
    const { text, metadata } = getDocument(index, documentId) ?? {};
    const rows = postings(index, documentId).map(({ start, length, vector }) => ({
      start,
      length,
      vector: [...vector],
    }));
    context.output.say({ id: documentId, text, metadata, postings: rows }, () =>
      [
        `${documentId}  (version ${index.version})`,
        ...(text === undefined ? [] : ['', text]),
        ...(metadata === undefined ? [] : ['', JSON.stringify(metadata, undefined, 2)]),
        '',
        `${rows.length} ${rows.length === 1 ? 'posting' : 'postings'}`,
        ...rows.map(
          ({ start, length, vector }) =>
            `  ${start}, length ${length}: [${vector
              .slice(0, 6)
              .map((component) => component.toPrecision(4))
              .join(', ')}${vector.length > 6 ? ', …' : ''}]`,
        ),
      ].join('\n'),
    );
  });
}

async function stats(context: Context): Promise<void> {
  await context.withStore(async (store) => {
    const index = store.read();
    const { version, postingCount, documentCount, shardCount, byteLength, config } = index;
    const file = statSync(context.path).size;
    const log = await store.log({ limit: Infinity });
    const value = {
      store: context.path,
      branch: context.branch,
      version,
      postings: postingCount,
      documents: documentCount,
      shards: shardCount,
      dimensions: config.dimensions,
      metric: config.metric,
      memoryBytes: byteLength,
      fileBytes: file,
      commits: log.length,
      logBytes: log.reduce((sum, { bytes }) => sum + bytes, 0),
      branches: (await store.branches()).length,
      tags: store.tags().size,
      deadRows: statistics(index).deadRowCount,
    };
    context.output.say(value, () =>
      [
        ['store', value.store],
        ['branch', `${value.branch}, version ${version}`],
        ['postings', postingCount.toLocaleString('en')],
        ['documents', documentCount.toLocaleString('en')],
        ['vectors', `${config.dimensions} dimensions, ${config.metric}`],
        ['shards', shardCount.toLocaleString('en')],
        ['in memory', bytesText(byteLength)],
        ['file', bytesText(file)],
        ['log', `${log.length.toLocaleString('en')} commits, ${bytesText(value.logBytes)}`],
        ['branches', String(value.branches)],
        ['tags', String(value.tags)],
      ]
        .map(([name, said]) => `${name.padEnd(10)} ${said}`)
        .join('\n'),
    );
  });
}

function noDocument(documentId: string, { version }: ShardexIndex<Metadata>): CommandFailure {
  return new CommandFailure(
    'NO_DOCUMENT',
    `There is no document ${JSON.stringify(documentId)} in version ${version}.`,
  );
}
