// Next as it comes, that is with Turbopack: a pool in a page, and one in a route handler.
export default async function ({ run, visit, check, whileRunning }) {
  await run('npx', 'next', 'build');
  await whileRunning('npx', ['next', 'start', '--hostname', '127.0.0.1', '--port', '0'], async (address) => {
    const answer = await fetch(`${address}/api`);
    check(answer.ok ? await answer.json() : await answer.text(), 'route handler');
    await visit(address);
  });
}
