/*
 * Access to Node's built-in modules without depending on Node: browsers run the same code.
 */

/**
 * Loads a built-in module of Node; `undefined` elsewhere. The name is in a variable, so that bundlers for browsers
 * skip it.
 */
export async function nodeModule(name: string): Promise<unknown> {
  const { process } = globalThis as { readonly process?: { readonly versions?: { readonly node?: string } } };
  if (process?.versions?.node === undefined) return undefined;
  const specifier = `node:${name}`;
  const loaded: unknown = await import(/* @vite-ignore */ /* webpackIgnore: true */ specifier);
  return loaded;
}
