import * as shardex from 'shardex';
import { test } from 'vitest';
import { letsOthersRun } from '../../support/checks/lets-others-run.js';

test('the event loop goes round while it works', async () => {
  await letsOthersRun(shardex);
});
