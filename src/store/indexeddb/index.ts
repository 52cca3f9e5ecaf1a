/**
 * Keeps an index in a browser: the log of a store in IndexedDB. An entry point of its own, as it needs the package `idb`.
 *
 * @packageDocumentation
 */
export { indexedDbLog } from './indexeddb-log.js';
