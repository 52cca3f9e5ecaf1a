/*
 * What differs between the version that is shown and the one that is compared: postings, and records before and after.
 */

import type { Difference, RecordDifference, ShownRecord } from '../api/difference.js';
import type { Ref } from '../versions.js';
import { get, pairOf } from './client.js';
import { count, json } from './texts.js';
import { useAnswer } from './use-answer.js';

interface DifferenceProps {
  readonly shown: Ref;
  readonly against: Ref | undefined;
  /** The newest version, where that is shown. */
  readonly moving: number | undefined;
}

export function DifferencePanel({ shown, against, moving }: DifferenceProps) {
  const pair = pairOf(shown, against);
  const key = against === undefined ? undefined : JSON.stringify([pair, moving]);
  const { value, error } = useAnswer(key, () => get('difference', pair), 1000);
  if (against === undefined) return <p>Choose a version to compare with.</p>;
  if (error !== undefined) return <p role="alert">{error}</p>;
  if (value === undefined) return <p>…</p>;
  return (
    <>
      <p>
        From version {value.from} to {value.to}: <Counted {...value} />
      </p>
      {value.records.length > 0 && <h3>Records</h3>}
      {value.records.map((record) => (
        <RecordChange key={record.documentId} {...record} />
      ))}
      <Left shown={value.records.length} all={value.counts.records} />
      <Keys title="Postings added" keys={value.added} all={value.counts.added} />
      <Keys title="Postings removed" keys={value.removed} all={value.counts.removed} />
      <Keys title="Postings updated" keys={value.updated} all={value.counts.updated} />
    </>
  );
}

function Counted({ counts }: Difference) {
  return (
    <span data-testid="counts">
      {count(counts.added)} added, {count(counts.removed)} removed, {count(counts.updated)} updated,{' '}
      {count(counts.records)} records
    </span>
  );
}

interface KeysProps {
  readonly title: string;
  readonly keys: Difference['added'];
  readonly all: number;
}

function Keys({ title, keys, all }: KeysProps) {
  if (all === 0) return null;
  return (
    <>
      <h3>{title}</h3>
      <ul class="keys">
        {keys.map(({ documentId, start, length }) => (
          <li>
            {documentId}
            {length > 0 && (
              <small>
                {' '}
                {start}–{start + length}
              </small>
            )}
          </li>
        ))}
      </ul>
      <Left shown={keys.length} all={all} />
    </>
  );
}

function Left({ shown, all }: { readonly shown: number; readonly all: number }) {
  return all > shown ? <p class="meta">and {count(all - shown)} more</p> : null;
}

function RecordChange({ documentId, before, after }: RecordDifference) {
  return (
    <article class="record" data-document={documentId}>
      <h4>{documentId}</h4>
      <dl>
        <Side name="before" record={before} other={after} />
        <Side name="after" record={after} other={before} />
      </dl>
    </article>
  );
}

interface SideProps {
  readonly name: string;
  readonly record: ShownRecord | undefined;
  readonly other: ShownRecord | undefined;
}

/** One side; what is the same on both is said once. */
function Side({ name, record, other }: SideProps) {
  const isSameText =
    record?.text !== undefined && record.text === other?.text && record.textLength === other.textLength;
  return (
    <>
      <dt>{name}</dt>
      <dd class={name}>
        {record === undefined && <i>not there</i>}
        {record?.text !== undefined && (
          <p class={isSameText ? 'text same' : 'text'}>{isSameText ? 'the same text' : record.text}</p>
        )}
        {record?.metadata !== undefined && <code>{json(record.metadata)}</code>}
      </dd>
    </>
  );
}
