// A store in Postgres in Node; `npm run smoke:pack` runs the same program beside the packages that are installed there.
export default async function ({ run, check }) {
  check(await run('node', 'store.mjs'), 'Node');
}
