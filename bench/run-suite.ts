// The process that runs one suite, and sends its result, partial ones first, to the process that started it (see main.ts).
import type { Options } from './options.js';
import type { SuiteResult } from './result.js';
import { SUITES, type SuiteName } from './suites.js';

const [name, options] = process.argv.slice(2);
const suite = await SUITES[name as SuiteName]();
const send = (result: SuiteResult): void => void process.send?.(result);
send(await suite(JSON.parse(options) as Options, send));
