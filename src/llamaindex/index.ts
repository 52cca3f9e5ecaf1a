/**
 * Puts an index under LlamaIndex: a vector store for its indexes and retrievers. An entry point of its own, which takes the
 * package `@llamaindex/core`, or `llamaindex`, which has it.
 *
 * @packageDocumentation
 */
export { ShardexVectorStore, type ShardexVectorStoreConfig } from './vector-store.js';
export type { Writable } from '../adapters/writable.js';
