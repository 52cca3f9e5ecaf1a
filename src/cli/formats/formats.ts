/*
 * Which format a file has, by its name or as it is said.
 */

import { CommandFailure, EXIT } from '../streams.js';

/** Formats that are read and written. */
export const FORMATS = ['jsonl', 'npy', 'fvecs'] as const;
export type Format = (typeof FORMATS)[number];

/** The format of a file; of a pipe JSON lines, unless another one is said. */
export function formatOf(file: string, said: string | undefined): Format {
  const end = said ?? (file === '-' ? 'jsonl' : /\.([^.]+)$/.exec(file)?.[1]);
  const format = end === 'ndjson' || end === 'json' ? 'jsonl' : end;
  const found = FORMATS.find((name) => name === format);
  if (found !== undefined) return found;
  throw new CommandFailure(
    'UNKNOWN_FORMAT',
    `The format of ${file} is not known by its name. Say which one it is: --format ${FORMATS.join('|')}.`,
    EXIT.usage,
  );
}
