// The same by `require`.
const shardex = require('shardex');

import('./use-all.mjs').then(async ({ useAll }) => {
  console.log(JSON.stringify(await useAll(shardex)));
});
