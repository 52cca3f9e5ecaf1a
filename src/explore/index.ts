/**
 * Shows an index in a browser: its versions, what they share, what holds them, and how a search finds its way. An entry point of
 * its own, for Node and its like.
 *
 * @packageDocumentation
 */
export { explore, type Explorer, type ExploreOptions } from './explore.js';
