// Jest, in both environments; it loads no modules without the flag.
export default async function ({ run }) {
  for (const environment of ['node', './jsdom.cjs']) {
    await run('node', '--experimental-vm-modules', 'node_modules/jest/bin/jest.js', '--env', environment);
  }
}
