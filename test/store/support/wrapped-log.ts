/* Logs that do something else with some of their calls. */

import { type Appended, type CommitLog, type LoggedEntry, memoryLog } from 'shardex/store';

/** A log with other methods in the place of some; each gets the call as the log would have it done. */
export function wrappedLog(
  inner: CommitLog,
  around: (name: keyof CommitLog, call: () => Promise<unknown>, args: readonly unknown[]) => unknown,
): CommitLog {
  return new Proxy(inner, {
    get: (target, name) => {
      const value: unknown = Reflect.get(target, name);
      if (typeof value !== 'function') return value;
      const method = value as (...args: unknown[]) => Promise<unknown>;
      return (...args: unknown[]) => {
        const call = (): Promise<unknown> => method.apply(target, args);
        return around(name as keyof CommitLog, call, args);
      };
    },
  });
}

/** A log whose appends wait each for a `go`, which waits for the append; how many entries each was to append. */
export function gated(inner: CommitLog): {
  readonly log: CommitLog;
  readonly go: () => Promise<void>;
  readonly groups: number[];
} {
  const gates: (() => void)[] = [];
  const groups: number[] = [];
  const log = wrappedLog(inner, async (name, call, args) => {
    if (name !== 'append') return call();
    groups.push((args[1] as readonly unknown[]).length);
    await new Promise<void>((resolve) => gates.push(resolve));
    return call();
  });
  const go = async (): Promise<void> => {
    while (gates.length === 0) await new Promise((resolve) => setTimeout(resolve, 1));
    gates.shift()?.();
  };
  return { log: asLog(log, inner), go, groups };
}

/** `read` and `branch` are no promises, so they must not be wrapped in one. */
export function asLog(log: CommitLog, inner: CommitLog): CommitLog {
  return new Proxy(log, {
    get: (target, name) => {
      if (name === 'read') return inner.read.bind(inner);
      if (name === 'branch') return inner.branch.bind(inner);
      return Reflect.get(target, name) as unknown;
    },
  });
}

/** A log whose appends are up to a function. */
export function withAppend(
  inner: CommitLog,
  append: (call: () => Promise<Appended>) => Promise<Appended>,
): CommitLog {
  const log = wrappedLog(inner, (name, call) =>
    name === 'append' ? append(call as () => Promise<Appended>) : call(),
  );
  return asLog(log, inner);
}

/** The first commits of a log, in another one. */
export async function copyOf(log: CommitLog, count: number): Promise<CommitLog> {
  const copy = memoryLog();
  await copy.open((await log.open()).settings);
  const entries: LoggedEntry[] = [];
  for await (const batch of log.read(0)) entries.push(...batch);
  await copy.append(undefined, entries.slice(0, count));
  return copy;
}

/** A log that can become another one, as a database whose replica takes over. */
export function exchangeable(first: CommitLog): {
  readonly log: CommitLog;
  readonly exchange: (other: CommitLog) => void;
} {
  let now = first;
  const log: CommitLog = new Proxy(first, {
    get: (_, name) => {
      if (name === 'branch') return () => memoryLog(now);
      const value: unknown = Reflect.get(now, name);
      return typeof value === 'function' ? ((value as () => unknown).bind(now) as unknown) : value;
    },
  });
  return {
    log,
    exchange: (other) => {
      now = other;
    },
  };
}
