/**
 * Puts an index under LangChain: a vector store for its chains and retrievers. An entry point of its own, which takes the
 * package `@langchain/core`.
 *
 * @packageDocumentation
 */
export {
  type LangChainMetadata,
  type ShardexDocument,
  ShardexVectorStore,
  type ShardexVectorStoreConfig,
  type ShardexVectorStoreDeletion,
} from './vector-store.js';
export type { Writable } from '../adapters/writable.js';
