/*
 * The command line: its commands, their options, and the help that teaches them.
 */

import { Command } from 'commander';
import { branchingCommands } from './commands/branching.js';
import { dataCommands } from './commands/data.js';
import { exploreCommands } from './commands/explore.js';
import { lookCommands } from './commands/look.js';
import { timeCommands } from './commands/time.js';
import { upkeepCommands } from './commands/upkeep.js';
import { Context, type GlobalOptions } from './context.js';
import type { Streams } from './streams.js';

/** Makes the program anew, as it keeps what it parsed. */
export function programOf(streams: Streams): Command {
  const program = new Command('shardex')
    .description('Keep vectors in a file: import, search, go back in time, branch and merge.')
    .option('-s, --store <file>', 'the file of the store (default: $SHARDEX_STORE, or shardex.db)')
    .option('-b, --branch <name>', 'the branch to work on (default: main)')
    .option('--driver <module>', 'SQLite of this module (default: node:sqlite, or one that is installed)')
    .option('--json', 'print JSON for programs')
    .helpCommand('help [command]', 'show what a command does')
    .configureHelp({ showGlobalOptions: true })
    .showHelpAfterError('(shardex help shows all commands)')
    .configureOutput({
      writeOut: (text) => streams.stdout.write(text),
      writeErr: (text) => streams.stderr.write(text),
    })
    .exitOverride()
    .addHelpText('after', MORE);
  const context = (store?: string): Context =>
    new Context({ ...program.opts<GlobalOptions>(), ...(store !== undefined && { store }) }, streams);
  for (const add of [
    dataCommands,
    lookCommands,
    timeCommands,
    branchingCommands,
    exploreCommands,
    upkeepCommands,
  ])
    add(program, context);
  for (const command of program.commands) command.copyInheritedSettings(program);
  return program;
}

const MORE = `
A first session:
  shardex init --dimensions 384
  shardex import notes.jsonl -m "the first notes"
  shardex search --like note-17
  shardex undo

Versions are named by number (12), tag (before), HEAD, and HEAD~2: two commits before the newest.

Exit codes: 0 done; 1 failed, or found something wrong; 2 wrong usage; 3 a conflict.`;
