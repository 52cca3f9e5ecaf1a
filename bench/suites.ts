// The list of suites.
import type { Options } from './options.js';
import type { SuiteResult } from './result.js';

/** A suite that takes long may hand out what it has so far. */
type Suite = (options: Options, soFar: (result: SuiteResult) => void) => Promise<SuiteResult>;

/** The suites, in the order they run in; each is loaded only in the process that runs it. */
export const SUITES = {
  commit: async () => (await import('./suites/commit.js')).commit,
  copy: async () => (await import('./suites/copy.js')).copy,
  read: async () => (await import('./suites/read.js')).read,
  resident: async () => (await import('./suites/resident.js')).resident,
  memory: async () => (await import('./suites/memory.js')).heldVersions,
  delete: async () => (await import('./suites/delete.js')).deletion,
  ingest: async () => (await import('./suites/ingest.js')).ingest,
  deltas: async () => (await import('./suites/deltas.js')).deltas,
  store: async () => (await import('./suites/store.js')).store,
  machines: async () => (await import('./suites/machines.js')).machines,
  search: async () => (await import('./suites/search.js')).searching,
  filters: async () => (await import('./suites/filters.js')).filters,
  recall: async () => (await import('./suites/recall.js')).recall,
  grid: async () => (await import('./suites/grid.js')).grid,
  threads: async () => (await import('./suites/threads.js')).threads,
  churn: async () => (await import('./suites/churn.js')).churn,
  routing: async () => (await import('./suites/routing.js')).routing,
} satisfies Record<string, () => Promise<Suite>>;

export type SuiteName = keyof typeof SUITES;
