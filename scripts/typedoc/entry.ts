/*
 * What the reference describes: the exports of all entry points, as if they were one. tasks.mjs says of each from where it
 * is imported.
 */
export * from '../../src/index.js';
export * from '../../src/store/index.js';
export * from '../../src/store/indexeddb/index.js';
export * from '../../src/postgres/index.js';
export * from '../../src/explore/index.js';
export * from '../../src/opentelemetry/index.js';
