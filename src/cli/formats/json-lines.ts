/*
 * JSON lines: a posting or a whole document in each. What an export writes, an import reads.
 */

import type { NamedDocument, Posting } from 'shardex';
import { CommandFailure } from '../streams.js';
import type { Input } from './read-bytes.js';

/** Reads a posting, or a document, from each line; empty ones are passed over. */
export async function* readJsonLines(input: Input): AsyncGenerator<Posting | NamedDocument> {
  let number = 0;
  for await (const line of linesOf(input)) {
    number++;
    if (line.trim() === '') continue;
    let value: unknown;
    try {
      value = JSON.parse(line);
    } catch (error) {
      throw new CommandFailure(
        'NOT_JSON',
        `Line ${number} of ${input.name} is no JSON: ${error instanceof Error ? error.message : ''}.`,
      );
    }
    yield taken(value, number, input);
  }
}

/** Lines of a text, without their ends. */
export async function* linesOf({ chunks }: Input): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let rest = '';
  for await (const chunk of chunks) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n');
    rest = lines.pop() ?? '';
    yield* lines;
  }
  rest += decoder.decode();
  if (rest !== '') yield rest;
}

/** A posting has a vector of its own; where there is a text or metadata too, it is the only one of its document. */
function taken(value: unknown, number: number, { name }: Input): Posting | NamedDocument {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new CommandFailure(
      'NOT_A_POSTING',
      `Line ${number} of ${name} is no object such as {"id": "a", "vector": [0.1]}.`,
    );
  const { id, documentId = id, vector, start, length, ...rest } = value as Record<string, unknown>;
  if (typeof documentId !== 'string' && typeof documentId !== 'number')
    throw new CommandFailure('NOT_A_POSTING', `Line ${number} of ${name} has no "id" (or "documentId").`);
  const named = { documentId: String(documentId) };
  // The library checks the rest, and says what is wrong with it.
  const posting = {
    ...(vector !== undefined && { vector }),
    ...(start !== undefined && { start }),
    ...(length !== undefined && { length }),
  };
  if (Object.keys(rest).length === 0 && vector !== undefined) return { ...named, ...posting };
  const own = vector === undefined ? {} : { postings: [posting] };
  return { ...named, ...own, ...rest } as unknown as NamedDocument;
}
