// The memory of the twin.

/** A buffer that grows like the memory of a WebAssembly instance. */
export class TwinMemory {
  u8 = new Uint8Array();
  u32 = new Uint32Array();
  f32 = new Float32Array();
  f64 = new Float64Array();

  constructor(byteLength: number) {
    this.reserve(byteLength);
  }

  /** As `Kernels.reserve`. */
  reserve(byteLength: number): boolean {
    if (byteLength <= this.u8.length) return true;
    let buffer: ArrayBuffer;
    try {
      buffer = new ArrayBuffer(Math.ceil(byteLength / PAGE) * PAGE);
    } catch {
      return false;
    }
    const grown = new Uint8Array(buffer);
    grown.set(this.u8);
    this.u8 = grown;
    this.u32 = new Uint32Array(buffer);
    this.f32 = new Float32Array(buffer);
    this.f64 = new Float64Array(buffer);
    return true;
  }
}

/** Bytes of a page of WebAssembly memory. */
const PAGE = 65_536;
