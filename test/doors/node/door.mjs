// The least Node of each line that `engines` names, and the newest, by `import` and by `require`.
export default async function ({ run, check }) {
  for (const version of ['20.19', '20', '22.12', '22', '24']) {
    const node = `node_modules/node-${version}/bin/node`;
    for (const program of ['program.mjs', 'program.cjs'])
      check(await run(node, program), `${version} ${program}`);
  }
}
