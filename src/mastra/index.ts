/**
 * Puts indexes under Mastra: a vector store for its memory and its retrieval. An entry point of its own, which takes the package
 * `@mastra/core`.
 *
 * @packageDocumentation
 */
export { ShardexVector, type ShardexVectorConfig } from './shardex-vector.js';
export type { Writable } from '../adapters/writable.js';
