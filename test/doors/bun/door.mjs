// Bun, by `import` and by `require`.
export default async function ({ run, check }) {
  for (const program of ['program.mjs', 'program.cjs']) check(await run('npx', 'bun', program), program);
}
