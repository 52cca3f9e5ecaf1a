// LangChain's `index()` with LangChain's own record manager, in Node: what is indexed again is not written again.
export default async function ({ run, check }) {
  check(await run('node', 'index-twice.mjs'), 'Node');
}
