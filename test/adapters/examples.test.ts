// Runs every example of the guides that uses an adapter or one of the packages of this folder.
import { testExamples } from '../support/examples.js';

testExamples(new URL('generated/', import.meta.url));
