// In a runtime: prints how it went.
import * as shardex from 'shardex';
import { useAll } from './use-all.mjs';

console.log(JSON.stringify(await useAll(shardex)));
