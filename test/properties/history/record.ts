/** What a version holds: the value at each place of each document, by the text of both. */
export type State = ReadonlyMap<string, number>;

/**
 * What a transaction may rely on. A serializable one is published only on the very version that it read. Of one that is
 * replayed on newer versions only the places that it wrote are protected, as under snapshot isolation.
 */
export type Isolation = 'serializable' | 'snapshot';

/** Something that was seen or done, as whoever did it knows it; the checker is given nothing else. */
export type Event =
  | { readonly kind: 'start'; readonly version: number; readonly state: State }
  /** A snapshot was looked at. The first look follows at once on `read()`. */
  | {
      readonly kind: 'look';
      readonly actor: string;
      readonly snapshot: number;
      readonly version: number;
      readonly state: State;
    }
  | {
      readonly kind: 'begin';
      readonly actor: string;
      readonly transaction: number;
      readonly isolation: Isolation;
      /** The version that it was made from. */
      readonly base: number;
      /** The version whose state it publishes again. */
      readonly restores?: number;
    }
  /** What a transaction saw in a document, with what it appended itself. */
  | {
      readonly kind: 'saw';
      readonly transaction: number;
      readonly document: string;
      readonly values: readonly number[];
    }
  | {
      readonly kind: 'append';
      readonly transaction: number;
      readonly document: string;
      readonly place: string;
      readonly value: number;
    }
  /** From here on it may be visible; before, it must not be. */
  | { readonly kind: 'committing'; readonly transaction: number }
  | {
      readonly kind: 'committed';
      readonly transaction: number;
      readonly previous: number;
      readonly version: number;
      readonly state: State;
    }
  /** Nothing of it may ever be seen. */
  | { readonly kind: 'refused'; readonly transaction: number }
  | {
      readonly kind: 'watching';
      readonly watcher: string;
      /** The last version that it knows. */
      readonly version: number;
      /** Whether it may be told of several versions at once. */
      readonly joins: boolean;
    }
  | {
      readonly kind: 'told';
      readonly watcher: string;
      readonly previous: number;
      readonly version: number;
      readonly state: State;
    }
  /** It was to be told of every version up to this one. */
  | { readonly kind: 'left'; readonly watcher: string; readonly version: number };

/** All events, in the order in which they happened. */
export type History = readonly Event[];

/** What cannot have happened on a cell that keeps its promises. */
export interface Anomaly {
  readonly kind:
    | 'lost update'
    | 'dirty read'
    | 'partial publish'
    | 'non-repeatable read'
    | 'draft out of its base'
    | 'version order'
    | 'stale read'
    | 'watcher'
    | 'cycle';
  readonly what: string;
}

/** The place that an append fills. */
export function placeOf(document: string, start: number): string {
  return `${document} ${start}`;
}

/** The values of one document, in the order of their places. */
export function listOf(state: State, document: string): number[] {
  return [...state]
    .map(([place, value]) => ({ place: place.split(' '), value }))
    .filter(({ place }) => place[0] === document)
    .sort((a, b) => Number(a.place[1]) - Number(b.place[1]))
    .map(({ value }) => value);
}

export function sameState(a: State, b: State): boolean {
  return a.size === b.size && [...a].every(([place, value]) => b.get(place) === value);
}
