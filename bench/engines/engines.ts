// The list of engines.
import type { Engine } from './engine.js';

/** What is measured, each loaded only in the process that measures it: a peer that is not installed fails there. */
export const ENGINES = {
  Shardex: async () => (await import('./shardex.js')).engine,
  'hnswlib-node': async () => (await import('./hnswlib.js')).engine,
  usearch: async () => (await import('./usearch.js')).engine,
  'usearch exactSearch': async () => (await import('./usearch-exact.js')).engine,
  'plain loop': async () => (await import('./plain-loop.js')).engine,
  vectra: async () => (await import('./vectra.js')).engine,
} satisfies Record<string, () => Promise<Engine>>;

export type EngineName = keyof typeof ENGINES;
