// Deno, by `import` and the packages that npm installed: all that a door does, and the guide's server, stopped and started again.
export default async function ({ run, check, guide, whileRunning }) {
  check(await run('npx', 'deno', 'run', '--allow-all', '--node-modules-dir=manual', 'program.mjs'), 'deno');

  const { commands, call, callAgain } = guide('deno');
  const command = commands[0].split(' ');
  await whileRunning('npx', command, call, 'SIGTERM');
  await whileRunning('npx', command, callAgain, 'SIGTERM');
}
