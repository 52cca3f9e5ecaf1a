// esbuild for Node, as modules and as CommonJS, with the pool's script as a second entry.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

export default async function ({ dir, run, check }) {
  for (const [format, type] of [
    ['esm', 'module'],
    ['cjs', 'commonjs'],
  ]) {
    const out = join(dir, format);
    const entries = ['program=program-with-spawn.mjs', 'pool-worker=shardex/pool-worker'];
    await run(
      'npx',
      'esbuild',
      ...entries,
      '--bundle',
      '--platform=node',
      `--format=${format}`,
      `--outdir=${out}`,
    );
    writeFileSync(join(out, 'package.json'), JSON.stringify({ type }));
    check(await run('node', join(out, 'program.js'), out), format);
  }
}
