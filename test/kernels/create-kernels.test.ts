import { afterEach, expect, test, vi } from 'vitest';

afterEach(() => {
  vi.unstubAllGlobals();
  vi.resetModules();
});

/** Kernels of a library that finds this in place of WebAssembly. */
async function kernelsWith(webAssembly: unknown): Promise<{ readonly simd: boolean }> {
  vi.resetModules();
  vi.stubGlobal('WebAssembly', webAssembly);
  const { createKernels } = await import('../../src/kernels/create-kernels.js');
  return createKernels();
}

const { validate, Instance, CompileError } = WebAssembly;

/** A constructor of modules that fails. */
const failing = (error: Error) =>
  function Module(): never {
    throw error;
  };

test('the twin takes over where there is no WebAssembly, no SIMD, or no leave to compile', async () => {
  expect((await kernelsWith(WebAssembly)).simd).toBe(true);
  expect((await kernelsWith(undefined)).simd).toBe(false);
  expect((await kernelsWith({ validate: () => false })).simd).toBe(false);
  expect(
    (
      await kernelsWith({
        validate,
        Instance,
        CompileError,
        Module: failing(new CompileError('forbidden by a policy')),
      })
    ).simd,
  ).toBe(false);
  expect(
    (
      await kernelsWith({
        validate,
        Instance,
        CompileError,
        Module: failing(new RangeError('larger than 4 KB')),
      })
    ).simd,
  ).toBe(false);
});

test('relaxed SIMD is used where the platform takes it, and done without where not', async () => {
  const { builds } = await import('../../src/kernels/wasm-kernels.js');
  const { plain, relaxed } = builds();
  const { Module } = WebAssembly;
  /** Which build is compiled where these are taken; the one compiled in truth is one that this platform takes. */
  const compiledBy = async (takes: (bytes: BufferSource) => boolean): Promise<Uint8Array> => {
    const seen: Uint8Array[] = [];
    function Noted(bytes: Uint8Array): WebAssembly.Module {
      seen.push(bytes);
      return new Module(plain);
    }
    expect((await kernelsWith({ validate: takes, Instance, CompileError, Module: Noted })).simd).toBe(true);
    expect(seen.length).toBe(1);
    return seen[0];
  };
  expect(await compiledBy(() => true)).toEqual(relaxed);
  expect(await compiledBy((bytes) => bytes.byteLength === plain.length)).toEqual(plain);
});

test('any other failure is not kept quiet', async () => {
  await expect(
    kernelsWith({ validate, Instance, CompileError, Module: failing(new TypeError('something else')) }),
  ).rejects.toThrow(TypeError);
});

test('the module is compiled once, by the first that asks', async () => {
  const { Module } = WebAssembly;
  const compile = vi.fn((bytes: BufferSource) => new Module(bytes));
  function Counted(bytes: BufferSource): WebAssembly.Module {
    return compile(bytes);
  }
  vi.resetModules();
  vi.stubGlobal('WebAssembly', { validate, Instance, CompileError, Module: Counted });
  const { createKernels } = await import('../../src/kernels/create-kernels.js');
  createKernels({ simd: false });
  expect(compile).not.toHaveBeenCalled();
  createKernels();
  createKernels();
  expect(compile).toHaveBeenCalledTimes(1);
});
