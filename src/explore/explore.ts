/*
 * The public `explore`: checks what it is given, and puts the versions, the API and the server together.
 */

import { takeOptions } from '../checks/given.js';
import { show } from '../checks/show.js';
import { requireFlag, requireWhole } from '../config.js';
import { InvalidOptionError, type ReadableCell, statistics } from '../index.js';
import { apiOf } from './api/api.js';
import { type PageFiles, pageFiles } from './page-files.js';
import { startServer } from './server.js';
import { Versions } from './versions.js';

/** Options of {@link explore}. */
export interface ExploreOptions {
  /** The port to listen on, 0 to 65,535. Default 0: one that is free. */
  readonly port?: number;
  /** Whether the page may restore versions, undo, redo, and set and remove tags. Default `false`: it only reads. */
  readonly write?: boolean;
}

/** A page that shows an index, until it is closed. */
export interface Explorer {
  /** Its address, with the token that lets whoever has it in. */
  readonly url: string;
  /** Stops serving it, and lets go of the versions that it showed. The cell or the store stays open. */
  close(): Promise<void>;
  /** Calls `close()`, for `await using explorer = await explore(cell)`. */
  [Symbol.asyncDispose](): Promise<void>;
}

/**
 * Serves a page about an index on this machine alone: the versions of a cell, a store, a follower or a replica, what they share,
 * and how a search finds its way. Every request needs the random token in the address.
 *
 * It runs in this process: comparing versions far apart, or reading old ones from a log, takes its time. The process does not
 * end before it is closed.
 *
 * @throws {@link InvalidOptionError}, and what listening on the port fails with.
 *
 * @example
 * ```ts no-run
 * import { explore } from 'shardex/explore';
 *
 * const explorer = await explore(cell);
 * console.log(explorer.url); // http://127.0.0.1:49152/…/
 * ```
 */
export function explore<M extends object>(
  cell: ReadableCell<M>,
  options: ExploreOptions = {},
): Promise<Explorer> {
  return exploreWith(cell, options, pageFiles);
}

/** The same with the files of the page from elsewhere, for tests. */
export async function exploreWith(
  cell: ReadableCell,
  options: ExploreOptions,
  files: () => Promise<PageFiles>,
): Promise<Explorer> {
  const { port = 0, write = false } = takeOptions(options, ['port', 'write']);
  requireWhole('port', port, 0, 65_535);
  requireFlag('write', write);
  assertReadable(cell);
  const versions = new Versions(cell);
  const server = await startServer({ port, files: await files(), api: apiOf(versions, write), cell });
  const close = async (): Promise<void> => {
    await server.close();
    await versions.close();
  };
  return Object.freeze({ url: server.url, close, [Symbol.asyncDispose]: close });
}

/**
 * Refuses a value that is no cell of this copy of the library.
 *
 * @throws {@link InvalidOptionError}, {@link InvalidIndexError}
 */
function assertReadable(cell: unknown): asserts cell is ReadableCell {
  const like = cell as Partial<ReadableCell> | null | undefined;
  if (typeof cell !== 'object' || typeof like?.read !== 'function' || typeof like.subscribe !== 'function')
    throw new InvalidOptionError(
      'cell',
      `Only a cell, a store, a follower or a replica can be explored, not ${show(cell)}. Of a version, make a cell: new CowShardexIndex(version).`,
    );
  statistics(like.read());
}
