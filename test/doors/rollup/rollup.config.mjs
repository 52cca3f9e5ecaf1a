import commonjs from '@rollup/plugin-commonjs';
import resolve from '@rollup/plugin-node-resolve';
import replace from '@rollup/plugin-replace';

export default {
  input: { page: 'page.js', 'pool-worker': 'shardex/pool-worker' },
  output: { dir: 'dist' },
  plugins: [
    resolve({ browser: true }),
    commonjs(),
    // Immer asks for it.
    replace({ preventAssignment: true, 'process.env.NODE_ENV': '"production"' }),
  ],
};
