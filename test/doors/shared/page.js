import * as shardex from 'shardex';
import { report } from './report.mjs';

report(shardex);
