import * as shardex from './node_modules/shardex/dist/browser/shardex.js';
import { report } from './report.mjs';

report(shardex);
