// Bun, by `import` and by `require`, and the guide's server, stopped and started again.
export default async function ({ run, check, guide, whileRunning }) {
  for (const program of ['program.mjs', 'program.cjs']) check(await run('npx', 'bun', program), program);

  const { commands, call, callAgain } = guide('bun');
  const command = commands[0].split(' ');
  await whileRunning('npx', command, call, 'SIGTERM');
  await whileRunning('npx', command, callAgain, 'SIGTERM');
}
