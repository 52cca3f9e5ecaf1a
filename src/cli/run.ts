/*
 * Runs one command line, and turns what goes wrong into a message and an exit code.
 */

import { CommanderError } from 'commander';
import { ShardexError } from 'shardex';
import { programOf } from './program.js';
import { CommandFailure, EXIT, type Streams } from './streams.js';

/** Runs a command line; resolves to its exit code. */
export async function run(args: readonly string[], streams: Streams): Promise<number> {
  const isJson = args.includes('--json');
  // Whoever reads the output may stop, as `head` does.
  streams.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(EXIT.ok);
    throw error;
  });
  try {
    await programOf(streams).parseAsync([...args], { from: 'user' });
    return EXIT.ok;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
    const { code, message, exitCode } = told(error);
    streams.stderr.write(
      isJson ? `${JSON.stringify({ error: { code, message } })}\n` : `shardex: ${message}\n`,
    );
    return exitCode;
  }
}

interface Told {
  readonly code: string;
  readonly message: string;
  readonly exitCode: number;
}

function told(error: unknown): Told {
  if (error instanceof CommandFailure) return error;
  const message = error instanceof Error ? error.message : String(error);
  if (error instanceof ShardexError) {
    const isConflict = error.code === 'MERGE_CONFLICT' || error.code === 'COMMIT_CONFLICT';
    return { code: error.code, message, exitCode: isConflict ? EXIT.conflict : EXIT.failed };
  }
  const { code } = error as { readonly code?: unknown };
  // Files that are not there, and the like.
  if (typeof code === 'string') return { code, message, exitCode: EXIT.failed };
  throw error;
}
