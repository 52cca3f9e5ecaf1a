// Deno, by `import` and the packages that npm installed.
export default async function ({ run, check }) {
  check(await run('npx', 'deno', 'run', '--allow-all', '--node-modules-dir=manual', 'program.mjs'), 'deno');
}
