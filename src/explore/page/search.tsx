/*
 * Searches: by a vector or for more like a document, with a filter; what was found, and what it took.
 */

import { useState } from 'preact/hooks';
import type { Found, FoundResult } from '../api/find.js';
import type { Ref } from '../versions.js';
import { pairOf, search } from './client.js';
import { count, json, many, percent } from './texts.js';

interface SearchProps {
  readonly shown: Ref;
  readonly against: Ref | undefined;
  readonly found: Found | undefined;
  /** Whether another version is shown by now than was searched. */
  readonly isTooLate: boolean;
  readonly onFound: (found: Found | undefined) => void;
}

export function SearchPanel({ shown, against, found, isTooLate, onFound }: SearchProps) {
  const [by, setBy] = useState<'like' | 'vector'>('like');
  const [error, setError] = useState<string | undefined>(undefined);
  const submit = (event: SubmitEvent): void => {
    event.preventDefault();
    const form = new FormData(event.currentTarget as HTMLFormElement);
    const field = (name: string): string => {
      const value = form.get(name);
      return typeof value === 'string' ? value.trim() : '';
    };
    sought(by, field, { ...pairOf(shown, against) })
      .then(search)
      .then(
        (answer) => {
          setError(undefined);
          onFound(answer);
        },
        (failure: unknown) => {
          onFound(undefined);
          setError(failure instanceof Error ? failure.message : String(failure));
        },
      );
  };
  return (
    <>
      <form class="search" onSubmit={submit}>
        <fieldset>
          <legend>Look for</legend>
          <label>
            <input
              type="radio"
              name="by"
              checked={by === 'like'}
              onChange={() => {
                setBy('like');
              }}
            />{' '}
            more like a document
          </label>
          <label>
            <input
              type="radio"
              name="by"
              checked={by === 'vector'}
              onChange={() => {
                setBy('vector');
              }}
            />{' '}
            a vector
          </label>
        </fieldset>
        {by === 'like' ? (
          <label>
            Document <input name="like" required autocomplete="off" />
          </label>
        ) : (
          <label>
            Vector <textarea name="vector" rows={2} required placeholder="[0.1, 0.2, …]" />
          </label>
        )}
        <label>
          Filter <input name="where" placeholder='{"lang": "en"}' autocomplete="off" />
        </label>
        <div class="row">
          <label>
            Results <input name="k" type="number" min="1" max="500" value="10" />
          </label>
          <label>
            Recall <input name="recall" type="number" min="0.01" max="1" step="0.01" placeholder="0.95" />
          </label>
          <button type="submit">Search</button>
        </div>
      </form>
      {error !== undefined && <p role="alert">{error}</p>}
      <div role="status">
        {found && <Explained found={found} />}
        {isTooLate && (
          <p>
            Version {found?.version} was searched; the map shows another one by now. Show that version to see
            it there.
          </p>
        )}
      </div>
      {found && (
        <ol class="results">
          {found.results.map((result) => (
            <Result {...result} />
          ))}
        </ol>
      )}
    </>
  );
}

function Explained({ found: { results, explanation } }: { readonly found: Found }) {
  const { shardsScanned, shardsRanked, rowsScanned, rowsMeasured, exact, expected, filter } = explanation;
  return (
    <p class="explained">
      {many(results.length, 'result')}. Ranked {many(shardsRanked, 'centroid')}, read{' '}
      <b data-testid="read">{count(shardsScanned)}</b> shards with {many(rowsScanned, 'row')}, measured{' '}
      {count(rowsMeasured)}
      {exact ? '; exact' : expected ? `; expected recall ${percent(expected.recall)}` : ''}
      {filter && `; ${many(filter.matches, 'row')} in ${many(filter.shards, 'shard')} pass the filter`}.
    </p>
  );
}

function Result({ documentId, start, length, score, distance, text, metadata }: FoundResult) {
  return (
    <li data-document={documentId}>
      <p>
        <b>{documentId}</b>
        {length > 0 && (
          <small>
            {' '}
            {start}–{start + length}
          </small>
        )}
        <span class="score" title={`distance ${distance}`}>
          {score.toFixed(4)}
        </span>
      </p>
      {text !== undefined && <p class="text">{text}</p>}
      {metadata !== undefined && <code>{json(metadata, 160)}</code>}
    </li>
  );
}

/** What the form says; rejects what is no JSON. */
async function sought(by: 'like' | 'vector', field: (name: string) => string, pair: object): Promise<object> {
  await Promise.resolve();
  const where = field('where');
  return {
    ...pair,
    ...(by === 'like' ? { like: field('like') } : { vector: parsed('The vector', field('vector')) }),
    ...(where !== '' && { where: parsed('The filter', where) }),
    k: Number(field('k') || 10),
    ...(field('recall') !== '' && { recall: Number(field('recall')) }),
  };
}

function parsed(what: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new Error(`${what} must be JSON.`);
  }
}
