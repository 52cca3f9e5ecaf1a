// Kills programs that write to logs and stores, in the middle of everything that they do, many times; npm test does it
// a few times.
//
//   npm run kill-matrix               50 rounds of each kind
//   npm run kill-matrix -- 200        as many
import { spawnSync } from 'node:child_process';

const [rounds = '50'] = process.argv.slice(2);
if (!/^[1-9]\d{0,5}$/.test(rounds))
  throw new Error(`rounds must be a whole number of at least 1, not ${rounds}`);
const files = ['test/store/kills.test.ts', 'test/store/store-kills.test.ts'];
const { status } = spawnSync('npx', ['--no-install', 'vitest', 'run', ...files], {
  env: { ...process.env, STORE_KILLS: rounds },
  stdio: 'inherit',
});
process.exitCode = status ?? 1;
