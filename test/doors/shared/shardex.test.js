import * as shardex from 'shardex';
import { useAll } from './use-all.mjs';

test('the cell, a replica and a pool answer as they should', async () => {
  expect((await useAll(shardex)).compared).toBe(120);
}, 120_000);
