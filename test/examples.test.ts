// Runs every example of the README, the guides and the doc comments (scripts/extract-examples.mjs) that needs no adapter.
import { testExamples } from './support/examples.js';

testExamples(new URL('generated/', import.meta.url));
