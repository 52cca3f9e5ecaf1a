// The versions, the newest first, with the branches as lanes: each as a strip of its shards in which what it made is lit.
// Any two can be chosen.
import { useMemo } from 'preact/hooks';
import type { Branch, Version } from '../history/history.js';
import { sharingOf } from '../picture/sharing.js';
import { count, counted, labelOf } from './words.js';

interface VersionsProps {
  readonly versions: readonly Version<object>[];
  readonly branches: readonly Branch<object>[];
  readonly before: Version<object>;
  readonly after: Version<object>;
  readonly onChoose: (side: 'before' | 'after', version: Version<object>) => void;
}

const ROW = 62;
const LANE = 16;

/** The list of versions. */
export function Versions({ versions, branches, before, after, onChoose }: VersionsProps) {
  const newestFirst = [...versions].reverse();
  return (
    <section class="panel versions" aria-labelledby="versions-title">
      <h2 id="versions-title">Versions</h2>
      <p class="sides" aria-hidden="true">
        <span>
          Compare <span class="key before" /> with <span class="key after" />
        </span>
      </p>
      <div class="graph">
        <Lanes versions={versions} branches={branches} />
        <ol>
          {newestFirst.map((version) => (
            <li key={version.number}>
              {(['before', 'after'] as const).map((side) => (
                <label key={side} class={`side ${side}`}>
                  <input
                    type="radio"
                    name={side}
                    value={version.number}
                    checked={version === (side === 'before' ? before : after)}
                    onChange={() => {
                      onChoose(side, version);
                    }}
                  />
                  <span>
                    {side === 'before' ? 'Compare' : 'with'} {labelOf(version)}
                  </span>
                </label>
              ))}
              <div class="about">
                <p>
                  <b>{labelOf(version)}</b>
                  {branches
                    .filter(({ tip }) => tip === version)
                    .map(({ name }) => (
                      <span key={name} class="chip">
                        {name}
                      </span>
                    ))}{' '}
                  {version.message}
                </p>
                <Strip version={version} />
              </div>
            </li>
          ))}
        </ol>
      </div>
    </section>
  );
}

/** Lines from each version to what it came from; a lane for each branch. */
function Lanes({ versions, branches }: Pick<VersionsProps, 'versions' | 'branches'>) {
  const place = ({ branch, number }: Version<object>) => ({
    x:
      LANE *
      (0.5 +
        Math.max(
          0,
          branches.findIndex(({ name }) => name === branch),
        )),
    y: ROW * (versions.length - 1 - number + 0.5),
  });
  return (
    <svg class="lanes" width={LANE * branches.length} height={ROW * versions.length} aria-hidden="true">
      {versions.flatMap((version) =>
        version.parents.map((parent) => {
          const [from, to] = [place(parent), place(version)];
          const middle = (from.y + to.y) / 2;
          return (
            <path
              key={`${parent.number}-${version.number}`}
              d={`M${from.x} ${from.y}C${from.x} ${middle} ${to.x} ${middle} ${to.x} ${to.y}`}
            />
          );
        }),
      )}
      {versions.map((version) => {
        const { x, y } = place(version);
        return <circle key={version.number} cx={x} cy={y} r="4" />;
      })}
    </svg>
  );
}

/** A version's shards beside each other; those that the version before it does not have are lit. */
function Strip({ version }: { version: Version<object> }) {
  const parent = version.parents.at(0);
  const strip = useMemo(() => {
    if (parent === undefined) return undefined;
    const ids = [...version.index.shards.keys()].sort((a, b) => a - b);
    const lit = ids.map((id) => version.index.shards.get(id) !== parent.index.shards.get(id));
    return { lit, sharing: sharingOf(parent.index, version.index) };
  }, [version, parent]);
  if (strip === undefined) return <p class="note">{counted(version.index.shardCount, 'shard')}</p>;
  const { lit, sharing } = strip;
  const path = (isLit: boolean) =>
    lit.flatMap((each, at) => (each === isLit ? [`M${at * 2} 0v8`] : [])).join('');
  return (
    <div class="strip">
      <svg viewBox={`0 -0.5 ${2 * lit.length} 9`} preserveAspectRatio="none" aria-hidden="true">
        <path class="shared" d={path(false)} />
        <path class="lit" d={path(true)} />
      </svg>
      <small>
        {count(sharing.shared)} shared, {count(sharing.onlyAfter)} new
      </small>
    </div>
  );
}
