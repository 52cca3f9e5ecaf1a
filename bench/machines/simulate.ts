// A simulation of many machines on one Postgres, by constants that the suite measures: what limits what, for numbers of
// machines that nobody has at hand. It knows the rules by which writers race and take turns, and no chance.

/** What things take, in milliseconds and bytes. */
export interface Constants {
  /** From a machine to Postgres and back. */
  readonly roundTrip: number;
  /** For Postgres to append a group, until it is on the disk; others wait meanwhile. */
  readonly append: number;
  /** For a writer to make a commit, and to publish it. */
  readonly make: number;
  /** For a machine to take over a commit of another one. */
  readonly apply: number;
  /** For Postgres to hand a commit to one follower. */
  readonly read: number;
  /** Bytes of a commit. */
  readonly bytes: number;
}

/** What came of it. */
export interface Simulated {
  /** Commits a second, of all writers. */
  readonly perSecond: number;
  /** Commits a second of the one that has fewest. */
  readonly least: number;
  /** The most commits of others between two of one writer. */
  readonly longestGap: number;
  /** From the start of a commit until it is durable, in milliseconds: the median. */
  readonly wait: number;
  /** Bytes a second from Postgres to all followers. */
  readonly traffic: number;
  /** The share of one of Postgres's processors that serving followers takes. */
  readonly serving: number;
  /** The share of a follower's processor that taking over takes; above 1 it falls behind. */
  readonly following: number;
}

/** Lost races after which a writer waits for its turn. */
const MOST_LOST = 2;
/** Round trips of a turn beside its append: to get it, to read what is new, to look that this is all, and to end it. */
const TRIPS_OF_TURN = 5;

interface Writer {
  /** The version that it knows. */
  knows: number;
  lost: number;
  /** When it began with the commit that it is at. */
  began: number;
  commits: number;
  /** The version of its last one. */
  last: number;
}

/** Has writers commit one posting after the other for so many milliseconds, and followers take over. */
export function simulate(
  { roundTrip, append, make, apply, read, bytes }: Constants,
  {
    writers: count,
    followers,
    ms,
  }: { readonly writers: number; readonly followers: number; readonly ms: number },
): Simulated {
  const writers: Writer[] = Array.from({ length: count }, () => ({
    ...{ knows: 0, lost: 0, began: 0, commits: 0, last: 0 },
  }));
  /** Who asks for the log at which time; it serves them in that order. */
  const asking = writers.map((writer) => ({ writer, at: make + roundTrip / 2 }));
  const waits: number[] = [];
  let version = 0;
  let longestGap = 0;
  let free = 0;
  for (;;) {
    asking.sort((a, b) => a.at - b.at);
    const next = asking[0];
    const { writer } = next;
    const from = Math.max(next.at, free);
    if (from > ms) break;
    const missed = version - writer.knows;
    const isTurn = writer.lost >= MOST_LOST;
    if (missed > 0 && !isTurn) {
      // The race is lost: it reads what is new, and makes its commit again. Postgres looks, and that is all.
      writer.lost++;
      writer.knows = version;
      next.at = from + 3 * roundTrip + missed * apply + make;
      continue;
    }
    free = from + append + (isTurn ? TRIPS_OF_TURN * roundTrip + missed * apply + make : 0);
    version++;
    longestGap = Math.max(longestGap, version - writer.last - 1);
    const told = free + roundTrip / 2;
    waits.push(told - writer.began);
    Object.assign(writer, {
      knows: version,
      lost: 0,
      began: told,
      commits: writer.commits + 1,
      last: version,
    });
    next.at = told + make + roundTrip / 2;
  }
  waits.sort((a, b) => a - b);
  const perSecond = (1000 * version) / ms;
  return {
    perSecond,
    least: (1000 * Math.min(...writers.map(({ commits }) => commits))) / ms,
    longestGap,
    wait: waits[waits.length >> 1] ?? 0,
    traffic: perSecond * bytes * followers,
    serving: (perSecond * read * followers) / 1000,
    following: (perSecond * apply) / 1000,
  };
}
