/*
 * The versions, newest first, as a graph: who made each, when, what for, what it changed; where branches begin and are merged.
 */

import { useRef, useState } from 'preact/hooks';
import type { ListedChange, ListedVersion } from '../api/history.js';
import type { Overview } from '../api/overview.js';
import type { Ref } from '../versions.js';
import { get } from './client.js';
import { type Lane, Lanes, lanesOf } from './lanes.js';
import { bytes, time } from './texts.js';
import { useAnswer } from './use-answer.js';
import type { Live } from './use-live.js';
import { WriteBar } from './write-bar.js';

interface HistoryProps {
  readonly live: Live;
  readonly overview: Overview | undefined;
  readonly shown: Ref;
  readonly against: Ref | undefined;
  readonly onShow: (ref: Ref) => void;
  readonly onCompare: (ref: Ref | undefined) => void;
  readonly onWritten: () => void;
  readonly writes: number;
}

const PAGE = 50;
/** So many commits in one event mean that counting what each changed would only hold them up. */
const MANY = 20;

export function HistoryList({
  live,
  overview,
  shown,
  against,
  onShow,
  onCompare,
  onWritten,
  writes,
}: HistoryProps) {
  const [limit, setLimit] = useState(PAGE);
  const [branch, setBranch] = useState<string | undefined>(undefined);
  const newest = live.last?.version;
  const key = newest === undefined ? undefined : `${newest} ${branch ?? ''} ${limit} ${writes}`;
  const { value: history, error } = useAnswer(key, () => get('history', { branch, limit }), 500);
  const listed = history?.versions ?? [];
  const isBusy = (live.last?.commits ?? 0) > MANY;
  const changes = useChanges(branch, isBusy ? [] : listed);
  const current = overview?.branches.find(({ isCurrent }) => isCurrent)?.name;
  const lanes = lanesOf(overview?.branches ?? [], branch ?? current);

  return (
    <section class="history" aria-labelledby="history">
      <h2 id="history">Versions</h2>
      {(overview?.branches.length ?? 0) > 1 && (
        <ul class="branches" aria-label="Branches">
          {overview?.branches.map(({ name, version, start, isCurrent }) => (
            <li>
              <button
                type="button"
                aria-pressed={name === (branch ?? current)}
                onClick={() => {
                  setBranch(isCurrent ? undefined : name);
                  onShow(isCurrent ? {} : { branch: name, version });
                }}
              >
                <i class={`swatch lane-${lanes.find((lane) => lane.name === name)?.at ?? 0}`} />
                {name} <small>{version}</small>
              </button>
              {start && (
                <small>
                  {' '}
                  from {start.branch ?? '(deleted)'} {start.version}
                </small>
              )}
            </li>
          ))}
        </ul>
      )}
      {overview?.mayWrite === true && branch === undefined && (
        <WriteBar
          kind={overview.kind}
          version={shown.version ?? newest}
          tags={overview.tags}
          onWritten={onWritten}
        />
      )}
      {branch === undefined && (
        <button
          type="button"
          class="wide"
          aria-pressed={shown.version === undefined}
          onClick={() => {
            onShow({});
          }}
        >
          Show the newest, as it comes
        </button>
      )}
      {error !== undefined && <p role="alert">{error}</p>}
      <ol class="versions">
        {listed.map((entry) => (
          <Version
            key={entry.version}
            entry={entry}
            change={changes.get(entry.version)}
            lanes={lanes}
            isShown={
              shown.version === entry.version || (shown.version === undefined && entry.version === newest)
            }
            isCompared={against?.version === entry.version && against.branch === branch}
            onShow={() => {
              onShow({ branch, version: entry.version });
            }}
            onCompare={(isCompared) => {
              onCompare(isCompared ? undefined : { branch, version: entry.version });
            }}
          />
        ))}
      </ol>
      {history !== undefined && listed.length === 0 && <p>No versions are kept.</p>}
      {history?.hasMore === true && (
        <button
          type="button"
          class="wide"
          onClick={() => {
            setLimit(limit + PAGE);
          }}
        >
          Older versions
        </button>
      )}
    </section>
  );
}

interface VersionProps {
  readonly entry: ListedVersion;
  readonly change: ListedChange | undefined;
  readonly lanes: readonly Lane[];
  readonly isShown: boolean;
  readonly isCompared: boolean;
  readonly onShow: () => void;
  readonly onCompare: (isCompared: boolean) => void;
}

function Version({ entry, change, lanes, isShown, isCompared, onShow, onCompare }: VersionProps) {
  const { version, author, message, kind, merged, tags, bytes: size } = entry;
  const event = merged === undefined ? kind : `merge of ${merged.branch} ${merged.version}`;
  return (
    <li data-version={version}>
      <Lanes lanes={lanes} version={version} mergedBranch={merged?.branch} />
      <div class="what">
        <p>
          <b>{version}</b> {event !== undefined && <em>{event}</em>} {message}
          {tags.map((tag) => (
            <span class="tag">{tag}</span>
          ))}
        </p>
        <p class="meta">
          {author !== undefined && <span>{author}</span>}
          {entry.time !== undefined && (
            <time dateTime={new Date(entry.time).toISOString()}>{time(entry.time)}</time>
          )}
          {change && <Counts {...change} />}
          {size !== undefined && <span>{bytes(size)}</span>}
        </p>
      </div>
      <div class="choices">
        <button type="button" aria-pressed={isShown} aria-label={`Show version ${version}`} onClick={onShow}>
          Show
        </button>
        <button
          type="button"
          aria-pressed={isCompared}
          aria-label={`Compare with version ${version}`}
          onClick={() => {
            onCompare(isCompared);
          }}
        >
          Compare
        </button>
      </div>
    </li>
  );
}

/** What a version changed, in signs, and in words for who hears them. */
function Counts({ added, removed, updated, records, since }: ListedChange) {
  const parts = [
    [added, '+', 'added'],
    [removed, '−', 'removed'],
    [updated, '~', 'updated'],
    [records, '≡', 'records'],
  ] as const;
  const said = parts.filter(([number]) => number > 0);
  const words = said.map(([number, , word]) => `${number} ${word}`).join(', ') || 'nothing';
  return (
    <span
      class="counts"
      title={`since version ${since}: ${words}`}
      aria-label={`changed: ${words}`}
      role="img"
    >
      {said.map(([number, sign]) => `${sign}${number}`).join(' ') || '±0'}
    </span>
  );
}

/** What each listed version changed; asked for once. */
function useChanges(
  branch: string | undefined,
  listed: readonly ListedVersion[],
): ReadonlyMap<number, ListedChange> {
  const known = useRef({ branch, changes: new Map<number, ListedChange>() });
  if (known.current.branch !== branch) known.current = { branch, changes: new Map() };
  const { changes } = known.current;
  const versions = listed.map(({ version }) => version);
  const isKnown = versions.slice(0, -1).every((version) => changes.has(version));
  const key = isKnown || versions.length < 2 ? undefined : `${branch ?? ''} ${versions.join()}`;
  const answer = useAnswer(key, () => get('changes', { branch, versions: versions.join() }), 1000);
  for (const change of answer.value ?? []) changes.set(change.version, change);
  return changes;
}
