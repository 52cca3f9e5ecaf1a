import type { Options } from './options.js';
import { SUITES, type SuiteName } from './suites.js';

// Runs one suite and sends its result to the process that started this one (see main.ts).
const [name, options] = process.argv.slice(2);
const suite = await SUITES[name as SuiteName]();
process.send?.(await suite(JSON.parse(options) as Options));
