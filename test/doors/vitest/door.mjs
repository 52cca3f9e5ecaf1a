// Vitest, in both environments.
export default async function ({ run }) {
  for (const environment of ['node', 'jsdom']) {
    await run('npx', 'vitest', 'run', '--globals', '--environment', environment);
  }
}
