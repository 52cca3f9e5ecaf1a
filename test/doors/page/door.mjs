// A page without a bundler, which may run no script but its own server's: no WebAssembly either.
export default async function ({ dir, visit, isolated }) {
  const strict = { 'Content-Security-Policy': "default-src 'none'; img-src data:; script-src 'self'" };
  await visit(dir, strict);
  await visit(dir, { ...strict, ...isolated });
  await visit(dir);
}
