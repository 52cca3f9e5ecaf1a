// Vite 6 moves a dependency's modules, but not a worker beside them, when it prepares them for development.
export default { optimizeDeps: { exclude: ['shardex'] } };
