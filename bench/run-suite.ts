import type { Options } from './options.js';
import type { SuiteResult } from './result.js';
import { SUITES, type SuiteName } from './suites.js';

// Runs one suite and sends its result to the process that started this one (see main.ts); what it has so far before that.
const [name, options] = process.argv.slice(2);
const suite = await SUITES[name as SuiteName]();
const send = (result: SuiteResult): void => void process.send?.(result);
send(await suite(JSON.parse(options) as Options, send));
