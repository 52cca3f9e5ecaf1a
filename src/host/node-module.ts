/**
 * Node's module of a name, or `undefined` elsewhere. By a name in a variable, so that bundlers for browsers pass over it.
 */
export async function nodeModule(name: string): Promise<unknown> {
  const { process } = globalThis as { readonly process?: { readonly versions?: { readonly node?: string } } };
  if (process?.versions?.node === undefined) return undefined;
  const specifier = `node:${name}`;
  const loaded: unknown = await import(/* @vite-ignore */ /* webpackIgnore: true */ specifier);
  return loaded;
}
