/*
 * The commands that are about time: log, diff, tags, restore, undo, redo.
 */

import { type Commit, type Metadata, diff } from 'shardex';
import type { LogEntry, Store } from 'shardex/store';
import { said, whole } from '../arguments.js';
import type { AddCommands, Context } from '../context.js';
import { bytesText, timeText } from '../output.js';
import { indexAt, versionOf } from '../refs.js';
import { CommandFailure, EXIT } from '../streams.js';

/** What can be said of a commit. */
interface Said {
  readonly author?: string;
  readonly message?: string;
}

export const timeCommands: AddCommands = (program, context) => {
  program
    .command('log')
    .description('list commits, newest first')
    .option('-n, --limit <number>', 'how many', whole(1), 20)
    .action((options: { readonly limit: number }) => log(context(), options.limit));
  program
    .command('diff <from> [to]')
    .description('list what differs between two versions')
    .option('-n, --limit <number>', 'list so many of each kind', whole(0), 20)
    .option('--exit-code', 'exit with 1 where something differs')
    .addHelpText(
      'after',
      '\n  shardex diff HEAD~1        what the newest commit changed\n  shardex diff before 12',
    )
    .action((from: string, to: string | undefined, options: DiffOptions) =>
      compare(context(), from, to, options),
    );
  program
    .command('tag [name] [version]')
    .description('name a version and keep it; without a name, list them')
    .option('-d, --delete', 'remove the tag')
    .action((name: string | undefined, version: string | undefined, options: { readonly delete?: boolean }) =>
      tag(context(), name, version, options.delete === true),
    );
  program
    .command('restore <version>')
    .description('publish the state of an older version as the newest one')
    .option('-m, --message <text>', 'what it is for, for the log')
    .option('--author <name>', 'who made it, for the log')
    .action((version: string, options: Said) =>
      publish(context(), (store) => store.restore(versionOf(store, version), said(options)), ''),
    );
  for (const kind of ['undo', 'redo'] as const)
    program
      .command(kind)
      .description(
        kind === 'undo'
          ? 'take back the newest commit; again for the one before'
          : 'make again what was undone last',
      )
      .option('-m, --message <text>', 'what it is for, for the log')
      .option('--author <name>', 'who made it, for the log')
      .action((options: Said) =>
        publish(context(), (store) => store[kind](said(options)), `There is nothing to ${kind}.`),
      );
};

async function log(context: Context, limit: number): Promise<void> {
  await context.withStore(async (store) => {
    context.output.table(
      await store.log({ limit }),
      [
        { title: 'version', of: ({ version }) => version, right: true },
        { title: 'time', of: ({ time }) => timeText(time) },
        { title: 'author', of: ({ author }) => author },
        { title: 'bytes', of: ({ bytes }) => bytesText(bytes), right: true },
        { title: 'tags', of: ({ tags }) => tags.join(', ') },
        { title: 'message', of: (entry) => [eventOf(entry), entry.message].filter(Boolean).join(': ') },
      ],
      'No commits yet.',
    );
  });
}

function eventOf({ kind, merged }: LogEntry): string | undefined {
  return merged === undefined ? kind : `merge of ${merged.branch} (${merged.version})`;
}

interface DiffOptions {
  readonly limit: number;
  readonly exitCode?: boolean;
}

async function compare(
  context: Context,
  from: string,
  to: string | undefined,
  { limit, exitCode = false }: DiffOptions,
): Promise<void> {
  const { output } = context;
  const isSame = await context.withStore(async (store) => {
    const [a, b] = [await indexAt(store, from), await indexAt(store, to)];
    const delta = diff(a, b);
    const kinds = {
      added: delta.added,
      removed: delta.removed,
      updated: delta.updated,
      records: delta.records.map(({ documentId }) => ({ documentId })),
    };
    const entries = Object.entries(kinds) as [
      string,
      readonly { documentId: string; start?: number; length?: number }[],
    ][];
    const counts = Object.fromEntries(entries.map(([kind, list]) => [kind, list.length]));
    if (output.isJson) output.line(JSON.stringify({ from: a.version, to: b.version, counts, ...kinds }));
    else {
      output.line(
        `Version ${a.version} to ${b.version}: ${entries.map(([kind, list]) => `${list.length} ${kind}`).join(', ')}`,
      );
      for (const [kind, list] of entries) {
        const mark = { added: '+', removed: '-', updated: '~', records: '"' }[kind] ?? '';
        for (const { documentId, start, length } of list.slice(0, limit))
          output.line(
            `${mark} ${documentId}${start === undefined ? '' : `  ${start}, length ${length ?? 0}`}`,
          );
        if (list.length > limit && limit > 0) output.line(`${mark} and ${list.length - limit} more`);
      }
    }
    return entries.every(([, list]) => list.length === 0);
  });
  if (exitCode && !isSame) throw new CommandFailure('DIFFERS', 'The versions differ.', EXIT.failed);
}

async function tag(
  context: Context,
  name: string | undefined,
  version: string | undefined,
  isDeleted: boolean,
): Promise<void> {
  const { output } = context;
  await context.withStore(async (store) => {
    if (name === undefined) {
      const tags = [...store.tags()].map(([tag, of]) => ({ tag, version: of }));
      output.table(
        tags.sort((a, b) => a.version - b.version),
        [
          { title: 'version', of: (row) => row.version, right: true },
          { title: 'tag', of: (row) => row.tag },
        ],
        'No tags yet.',
      );
    } else if (isDeleted) {
      if (!(await store.untag(name)))
        throw new CommandFailure('NO_TAG', `There is no tag ${JSON.stringify(name)}.`);
      output.say({ tag: name, isDeleted: true }, () => `Removed the tag ${name}.`);
    } else {
      const at = version === undefined ? store.version : versionOf(store, version);
      await store.tag(name, at);
      output.say({ tag: name, version: at }, () => `Tagged version ${at} as ${name}.`);
    }
  });
}

/** Runs what publishes a version, and says which one. */
async function publish(
  context: Context,
  work: (store: Store<Metadata>) => Promise<Commit<Metadata> | undefined>,
  nothing: string,
): Promise<void> {
  await context.withStore(async (store) => {
    const commit = await work(store);
    if (commit === undefined) throw new CommandFailure('NOTHING_TO_DO', nothing);
    const { version, postingCount, documentCount } = commit.index;
    context.output.say(
      { version, postings: postingCount, documents: documentCount },
      () =>
        `Version ${version} has ${postingCount.toLocaleString('en')} postings of ${documentCount.toLocaleString('en')} documents.`,
    );
  });
}
