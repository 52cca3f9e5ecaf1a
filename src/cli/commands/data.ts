/*
 * The commands that make a store, fill it, and write it out.
 */

import { createWriteStream, existsSync, readFileSync } from 'node:fs';
import { once } from 'node:events';
import { finished } from 'node:stream/promises';
import { Option } from 'commander';
import {
  type Metadata,
  type NamedDocument,
  type Posting,
  type ShardexIndex,
  documentIds,
  getDocument,
  postings,
} from 'shardex';
import { list, said, whole } from '../arguments.js';
import type { AddCommands, Context } from '../context.js';
import { FORMATS, type Format, formatOf } from '../formats/formats.js';
import { readJsonLines } from '../formats/json-lines.js';
import { type Input, openInput } from '../formats/read-bytes.js';
import { fvecsOf, npyHeader, readFvecs, readNpy } from '../formats/vectors.js';
import { bytesText } from '../output.js';
import { ProgressBar } from '../progress.js';
import { indexAt } from '../refs.js';
import { CommandFailure } from '../streams.js';

interface InitOptions {
  readonly dimensions: number;
  readonly metric: 'cosine' | 'euclidean' | 'dot';
  readonly indexed?: readonly string[];
}

interface ImportOptions {
  readonly format?: string;
  readonly ids?: string;
  readonly prefix: string;
  readonly commitEvery?: number;
  readonly author?: string;
  readonly message?: string;
}

interface ExportOptions {
  readonly format?: string;
  readonly at?: string;
}

export const dataCommands: AddCommands = (program, context) => {
  program
    .command('init')
    .description('make a store')
    .requiredOption('-d, --dimensions <number>', 'how many numbers a vector has', whole(1))
    .addOption(
      new Option('-m, --metric <name>', 'how vectors are compared')
        .choices(['cosine', 'euclidean', 'dot'])
        .default('cosine'),
    )
    .option('--indexed <paths>', 'metadata that filters ask for often, as author,tags', list)
    .action((options: InitOptions) => init(context(), options));
  program
    .command('import [file]')
    .description('add vectors of a file, or of a pipe, in one commit')
    .addOption(
      new Option('-f, --format <name>', 'the format (default: by the name of the file)').choices(FORMATS),
    )
    .option('--ids <file>', 'a line for each vector, its id (.npy and .fvecs)')
    .option('--prefix <text>', 'without --ids: in front of the number of the vector, from 0', '')
    .option('--commit-every <rows>', 'commit after so many rows, and go on', whole(1))
    .option('-m, --message <text>', 'what it is for, for the log')
    .option('--author <name>', 'who made it, for the log')
    .addHelpText('after', IMPORT_HELP)
    .action((file: string | undefined, options: ImportOptions) =>
      importFile(context(), file ?? '-', options),
    );
  program
    .command('export [file]')
    .description('write all of a version to a file, or a pipe')
    .addOption(
      new Option('-f, --format <name>', 'the format (default: by the name of the file)').choices(FORMATS),
    )
    .option('--at <version>', 'the version (default: HEAD)')
    .addHelpText('after', '\nOnly JSON lines have ids, texts and metadata; import reads them.')
    .action((file: string | undefined, options: ExportOptions) =>
      exportFile(context(), file ?? '-', options),
    );
};

const IMPORT_HELP = `
JSON lines have a posting or a document in each:
  {"id": "a", "vector": [0.1, 0.2]}
  {"id": "b", "start": 0, "length": 5, "vector": [0.3, 0.4]}
  {"id": "c", "text": "Hello", "metadata": {"lang": "en"}, "vector": [0.5, 0.6]}
  {"id": "d", "text": "Hello", "postings": [{"start": 0, "length": 5, "vector": [0.5, 0.6]}]}

A vector with a known id, start and length takes the place of the old one; a line with a text, metadata
or postings is a whole document, and takes the place of all of that.
  cat notes.jsonl | shardex import -m "notes"
  shardex import words.npy --ids words.txt --commit-every 10000`;

async function init(context: Context, { dimensions, metric, indexed }: InitOptions): Promise<void> {
  const { path, output } = context;
  if (existsSync(path))
    throw new CommandFailure('EXISTS', `There is a file ${path} already. Name another one: --store FILE.`);
  const options = { dimensions, metric, ...(indexed && { indexed: [...indexed] }) };
  await context.opened(options, async (store) => {
    const { config } = store.read();
    output.say({ store: path, ...config }, () => `Made ${path}, for ${dimensions} dimensions by ${metric}.`);
    return Promise.resolve();
  });
}

async function importFile(context: Context, file: string, options: ImportOptions): Promise<void> {
  const { commitEvery } = options;
  const format = formatOf(file, options.format);
  await context.withStore(async (store) => {
    const { streams, output } = context;
    const input = openInput(file, streams.stdin);
    const bar = new ProgressBar(streams.stderr);
    const startedAt = performance.now();
    let count = 0;
    const commit = await store.ingest(rowsOf(format, input, options), {
      ...said(options),
      ...(commitEvery !== undefined && { commitEvery }),
      onProgress: ({ taken }) => {
        count = taken;
        bar.show({ count, done: input.read(), total: input.total });
      },
    });
    bar.end();
    const seconds = (performance.now() - startedAt) / 1000;
    const { version } = commit;
    const { postingCount, documentCount } = store.read();
    output.say(
      {
        version,
        rows: count,
        bytes: input.read(),
        postings: postingCount,
        documents: documentCount,
        seconds,
      },
      () =>
        `${count.toLocaleString('en')} rows (${bytesText(input.read())}) in ${seconds.toFixed(1)} s. Version ${version} has ${postingCount.toLocaleString('en')} postings.`,
    );
  });
}

/** What an import reads, as the library takes it. */
async function* rowsOf(
  format: Format,
  input: Input,
  { ids, prefix }: ImportOptions,
): AsyncGenerator<Posting | NamedDocument> {
  if (format === 'jsonl') {
    yield* readJsonLines(input);
    return;
  }
  const names =
    ids === undefined
      ? undefined
      : readFileSync(ids, 'utf8')
          .replace(/\r?\n$/, '')
          .split(/\r?\n/);
  let row = 0;
  for await (const vector of format === 'npy' ? readNpy(input) : readFvecs(input)) {
    const documentId = names === undefined ? `${prefix}${row}` : names.at(row);
    if (documentId === undefined)
      throw new CommandFailure(
        'TOO_FEW_IDS',
        `${ids ?? ''} has ${row} ids, and ${input.name} has more vectors.`,
      );
    yield { documentId, vector };
    row++;
  }
  if (names !== undefined && names.length !== row)
    throw new CommandFailure(
      'TOO_MANY_IDS',
      `${ids ?? ''} has ${names.length} ids, but ${input.name} has ${row} vectors.`,
    );
}

async function exportFile(
  context: Context,
  file: string,
  { format: name, at }: ExportOptions,
): Promise<void> {
  const format = formatOf(file, name);
  const { streams, output } = context;
  await context.withStore(async (store) => {
    const index = await indexAt(store, at);
    const out = file === '-' ? streams.stdout : createWriteStream(file);
    const end = file === '-' ? undefined : finished(out);
    let rows = 0;
    for (const piece of piecesOf(index, format)) {
      rows += piece.rows;
      if (!out.write(piece.bytes)) await Promise.race([once(out, 'drain'), end]);
    }
    if (file === '-') return;
    out.end();
    await end;
    const { version } = index;
    output.say(
      { file, version, rows },
      () => `Wrote ${rows.toLocaleString('en')} rows of version ${version} to ${file}.`,
    );
  });
}

interface Piece {
  readonly bytes: Uint8Array | string;
  readonly rows: number;
}

function* piecesOf(index: ShardexIndex<Metadata>, format: Format): Generator<Piece> {
  if (format !== 'jsonl') {
    const { postingCount, config } = index;
    if (format === 'npy') yield { bytes: npyHeader(postingCount, config.dimensions), rows: 0 };
    for (const documentId of [...documentIds(index)].sort())
      for (const { vector } of postings(index, documentId))
        yield {
          bytes:
            format === 'fvecs'
              ? fvecsOf(vector)
              : new Uint8Array(vector.buffer, vector.byteOffset, vector.byteLength),
          rows: 1,
        };
    return;
  }
  for (const id of [...documentIds(index)].sort()) {
    const rows = postings(index, id).map(({ start, length, vector }) => ({
      start,
      length,
      vector: [...vector],
    }));
    const record = getDocument(index, id);
    if (record === undefined)
      for (const row of rows) yield { bytes: `${JSON.stringify({ id, ...row })}\n`, rows: 1 };
    else {
      const { text, metadata } = record;
      yield { bytes: `${JSON.stringify({ id, text, metadata, postings: rows })}\n`, rows: rows.length };
    }
  }
}
