import type { Anomaly, History } from './record.js';

/**
 * Who reads gets no older version than any that was acknowledged before, its own commits included (read your writes),
 * and none older than it has seen already (monotonic reads).
 */
export function checkSessions(history: History): Anomaly[] {
  const found: Anomaly[] = [];
  const seen = new Map<string, number>();
  const actors = new Map<number, string>();
  const snapshots = new Set<number>();
  let acknowledged = 0;
  const read = (actor: string, version: number): void => {
    if (version < acknowledged)
      found.push({ kind: 'stale read', what: `${actor} read version ${version} after ${acknowledged}` });
    if (version < (seen.get(actor) ?? 0))
      found.push({ kind: 'stale read', what: `${actor} went back to version ${version}` });
    seen.set(actor, Math.max(version, seen.get(actor) ?? 0));
  };
  for (const event of history) {
    if (event.kind === 'look') {
      if (snapshots.has(event.snapshot)) continue;
      snapshots.add(event.snapshot);
      read(event.actor, event.version);
    } else if (event.kind === 'begin') {
      actors.set(event.transaction, event.actor);
      read(event.actor, event.base);
    } else if (event.kind === 'committed') {
      acknowledged = Math.max(acknowledged, event.version);
      const actor = actors.get(event.transaction) ?? '';
      seen.set(actor, Math.max(event.version, seen.get(actor) ?? 0));
    }
  }
  return found;
}

/** Each watcher is told of every version once and in order, from the one it knows to the one it leaves at (I9). */
export function checkWatchers(history: History): Anomaly[] {
  const found: Anomaly[] = [];
  const watchers = new Map<string, { known: number; readonly joins: boolean }>();
  const complain = (what: string): void => {
    found.push({ kind: 'watcher', what });
  };
  for (const event of history) {
    if (event.kind === 'watching') {
      watchers.set(event.watcher, { known: event.version, joins: event.joins });
    } else if (event.kind === 'told') {
      const { watcher, previous, version } = event;
      const state = watchers.get(watcher);
      if (state === undefined) complain(`${watcher} was told without having asked`);
      else {
        if (previous !== state.known || version <= previous)
          complain(`${watcher} knew version ${state.known} and was told ${previous} → ${version}`);
        if (version > previous + 1 && !state.joins) complain(`${watcher} was told several versions at once`);
        state.known = version;
      }
    } else if (event.kind === 'left') {
      const known = watchers.get(event.watcher)?.known;
      if (known !== event.version)
        complain(`${event.watcher} left at version ${event.version} and knew ${known}`);
      watchers.delete(event.watcher);
    }
  }
  return found;
}
