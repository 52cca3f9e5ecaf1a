// The script of a pool's threads, one folder up: for programs that start it by its address among the modules, as
// `new URL('shardex/dist/threads/pool-worker.js', …)`, rather than by the entry point `shardex/pool-worker`.
import './pool/pool-worker.js';
