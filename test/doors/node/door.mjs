// The least Node of each line that `engines` names, and the newest, by `import`, by `require`, and with threads of its own.
export default async function ({ run, check }) {
  for (const version of ['20.19', '20', '22.12', '22', '24']) {
    const node = `node_modules/node-${version}/bin/node`;
    for (const program of ['program.mjs', 'program.cjs', 'with-spawn.mjs'])
      check(await run(node, program), `${version} ${program}`);
  }
}
