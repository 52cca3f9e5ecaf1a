/*
 * The commands that branch and merge.
 */

import { Option } from 'commander';
import { MergeConflictError } from 'shardex';
import { said } from '../arguments.js';
import type { AddCommands, Context } from '../context.js';
import { versionOf } from '../refs.js';
import { CommandFailure, EXIT } from '../streams.js';

interface BranchOptions {
  readonly at?: string;
  readonly delete?: boolean;
}

interface MergeOptions {
  readonly onConflict?: 'ours' | 'theirs';
  readonly author?: string;
  readonly message?: string;
}

export const branchingCommands: AddCommands = (program, context) => {
  program
    .command('branch [name]')
    .description('make a branch; without a name, list them')
    .option('--at <version>', 'the version that it starts at (default: HEAD)')
    .option('-d, --delete', 'delete the branch')
    .addHelpText('after', '\nWork on one with --branch: shardex --branch draft import notes.jsonl')
    .action((name: string | undefined, options: BranchOptions) => branch(context(), name, options));
  program
    .command('merge <branch>')
    .description('bring the changes of a branch into this one')
    .addOption(
      new Option('--on-conflict <side>', 'what to take where both changed the same').choices([
        'ours',
        'theirs',
      ]),
    )
    .option('-m, --message <text>', 'what it is for, for the log')
    .option('--author <name>', 'who made it, for the log')
    .action((name: string, options: MergeOptions) => merge(context(), name, options));
};

async function branch(context: Context, name: string | undefined, options: BranchOptions): Promise<void> {
  const { output } = context;
  await context.withStore(async (store) => {
    if (name === undefined) {
      output.table(
        await store.branches(),
        [
          { title: '', of: ({ isCurrent }) => (isCurrent ? '*' : '') },
          { title: 'branch', of: (row) => row.name },
          { title: 'version', of: ({ version }) => version, right: true },
          {
            title: 'starts at',
            of: ({ start }) => start && `${start.branch ?? '(deleted)'} ${start.version}`,
          },
        ],
        'No branches yet.',
      );
    } else if (options.delete === true) {
      if (!(await store.deleteBranch(name)))
        throw new CommandFailure('NO_BRANCH', `There is no branch ${JSON.stringify(name)}.`);
      output.say({ branch: name, isDeleted: true }, () => `Deleted the branch ${name}.`);
    } else {
      const at = options.at === undefined ? store.version : versionOf(store, options.at);
      await store.fork(name, { at });
      output.say(
        { branch: name, version: at },
        () => `Made the branch ${name} at version ${at}. Work on it with --branch ${name}.`,
      );
    }
  });
}

async function merge(context: Context, name: string, options: MergeOptions): Promise<void> {
  const { output } = context;
  const { onConflict } = options;
  await context.withStore(async (store) => {
    try {
      const { version, isEmpty, delta } = await store.merge(name, {
        ...said(options),
        ...(onConflict !== undefined && { onConflict }),
      });
      const counts = {
        added: delta.added.length,
        removed: delta.removed.length,
        updated: delta.updated.length,
      };
      output.say({ version, isEmpty, ...counts }, () =>
        isEmpty
          ? `Nothing to merge: version ${version} has all of ${name}.`
          : `Version ${version}: ${counts.added} added, ${counts.removed} removed, ${counts.updated} updated.`,
      );
    } catch (error) {
      if (!(error instanceof MergeConflictError)) throw error;
      throw new CommandFailure(
        error.code,
        `${error.message.replace(/ pass onConflict.*/s, '')} say --on-conflict ours or theirs.`,
        EXIT.conflict,
      );
    }
  });
}
