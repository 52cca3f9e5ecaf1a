import type * as shardex from 'shardex';

/** The library as a value, so that the same check can be run on the real one and on a broken one. */
export type Library = typeof shardex;
