// The declarations under each TypeScript from 5.4 to 6.0; see check-types.mjs.
export default async function ({ run }) {
  for (const version of ['5.4', '5.5', '5.6', '5.7', '5.8', '5.9', '6.0']) {
    await run('node', 'check-types.mjs', `typescript-${version}`);
  }
}
