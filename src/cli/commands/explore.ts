/*
 * The command that shows a store in a browser, until it is stopped.
 */

import { spawn } from 'node:child_process';
import { InvalidArgumentError } from 'commander';
import { whole } from '../arguments.js';
import type { AddCommands, Context } from '../context.js';

interface ExploreOptions {
  readonly port: number;
  readonly write?: boolean;
  readonly open?: boolean;
}

export const exploreCommands: AddCommands = (program, context) => {
  program
    .command('explore [file]')
    .description('show a store in a browser: its versions, what they share, how a search finds its way')
    .option('-p, --port <number>', 'the port to listen on (default: one that is free)', port, 0)
    .option('--write', 'let the page restore, undo, redo and tag; else it only reads')
    .option('--open', 'open it in the browser')
    .addHelpText('after', '\nThe address that it prints has a token: who has it may look. Ctrl+C ends it.')
    .action((file: string | undefined, options: ExploreOptions) => show(context(file), options));
};

async function show(
  context: Context,
  { port: wanted, write = false, open = false }: ExploreOptions,
): Promise<void> {
  // Loaded where it is used: other commands need no server.
  const { explore } = await import('shardex/explore');
  await context.withStore(
    async (store) => {
      const explorer = await explore(store, { port: wanted, write });
      try {
        context.output.say({ url: explorer.url, store: context.path, write }, () => explorer.url);
        if (open) openInBrowser(context, explorer.url);
        await context.streams.stopped();
      } finally {
        await explorer.close();
      }
    },
    { follow: true },
  );
}

/** Opens an address; where there is no browser, the address has been printed. */
function openInBrowser(context: Context, url: string): void {
  const [command, ...args] =
    process.platform === 'darwin'
      ? ['open']
      : process.platform === 'win32'
        ? ['cmd', '/c', 'start', '']
        : ['xdg-open'];
  const opening = spawn(command, [...args, url], { stdio: 'ignore', detached: true });
  opening.on('error', ({ message }) => context.streams.stderr.write(`No browser was opened: ${message}\n`));
  opening.unref();
}

function port(text: string): number {
  const value = whole(0)(text);
  if (value <= 65_535) return value;
  throw new InvalidArgumentError('It must be at most 65535.');
}
