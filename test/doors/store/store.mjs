// In Node, as in the tests of an application for browsers.
import 'fake-indexeddb/auto';
import { useStore } from './use-store.mjs';

console.log(JSON.stringify(await useStore()));
