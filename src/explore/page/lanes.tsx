/*
 * The lines of the graph beside the list of versions: one for the branch that is listed, one for each branch that begins at one of
 * its versions.
 */

import type { Branch } from '../../store/index.js';

/** A line of the graph. */
export interface Lane {
  readonly name: string;
  /** Its place, the listed branch at 0. */
  readonly at: number;
  /** The version of the listed branch that it starts after; `undefined` for that branch itself. */
  readonly start: number | undefined;
}

/** Branches that are drawn beside the listed one at most. */
const MOST = 5;
const [WIDTH, HEIGHT] = [12, 56];

/** The lines beside the list of a branch. */
export function lanesOf(branches: readonly Branch[], listed: string | undefined): readonly Lane[] {
  const own = { name: listed ?? '', at: 0, start: undefined };
  const others = branches
    .filter(({ name, start }) => name !== listed && start?.branch === listed)
    .sort((a, b) => (b.start?.version ?? 0) - (a.start?.version ?? 0))
    .slice(0, MOST);
  return [own, ...others.map(({ name, start }, i) => ({ name, at: i + 1, start: start?.version ?? 0 }))];
}

interface LanesProps {
  readonly lanes: readonly Lane[];
  readonly version: number;
  readonly mergedBranch: string | undefined;
}

/** The part of the graph beside one version. */
export function Lanes({ lanes, version, mergedBranch }: LanesProps) {
  const middle = HEIGHT / 2;
  const x = (at: number): number => WIDTH / 2 + at * WIDTH;
  const width = lanes.length * WIDTH;
  return (
    <div class={`lanes lanes-${lanes.length}`} aria-hidden="true">
      <svg viewBox={`0 0 ${width} ${HEIGHT}`} preserveAspectRatio="none">
        {lanes.map(({ name, at, start }) => {
          const [from, to] = [x(0), x(at)];
          const isMerged = name === mergedBranch && at > 0;
          return (
            <g class={`lane-${at}`}>
              {(start === undefined || version > start) && <path d={`M${to} 0V${HEIGHT}`} />}
              {version === start && (
                <path d={`M${from} ${middle}C${from} ${middle / 3} ${to} ${middle} ${to} 0`} />
              )}
              {isMerged && (
                <path d={`M${to} ${HEIGHT}C${to} ${middle} ${from} ${HEIGHT} ${from} ${middle}`} />
              )}
            </g>
          );
        })}
      </svg>
      <i class="lane-0" />
    </div>
  );
}
