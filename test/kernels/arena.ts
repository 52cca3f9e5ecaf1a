import type { Kernels } from '../../src/kernels/kernels.js';
import { type Random, gaussian, pick, seeded } from '../support/random.js';

/** What the components of vectors are like. */
export type Kind = 'normal' | 'offset' | 'extreme' | 'tiny' | 'sparse';

export const KINDS: readonly Kind[] = ['normal', 'offset', 'extreme', 'tiny', 'sparse'];

const EXTREMES = [0, -0, 1e-45, -1e-45, 1.2e-38, 1, -1, 3.4028234663852886e38, -3.4028234663852886e38, 1e20];

/** One random component. */
function component(random: Random, kind: Kind): number {
  switch (kind) {
    case 'normal':
      return gaussian(random);
    case 'offset':
      return 1000 + gaussian(random);
    case 'extreme':
      return pick(random, EXTREMES);
    case 'tiny':
      return gaussian(random) * 1e-44;
    case 'sparse':
      return random() < 0.8 ? 0 : gaussian(random);
  }
}

/** Room for a test in the memory of some kernels: it begins as noise, the same for the same seed. */
export class Arena {
  readonly kernels: Kernels;
  readonly #random: Random;
  #next: number;

  constructor(kernels: Kernels, byteLength: number, seed: number) {
    if (!kernels.reserve(kernels.base + byteLength)) throw new Error('no room');
    this.kernels = kernels;
    this.#next = kernels.base;
    this.#random = seeded(seed);
    const words = kernels.u32.subarray(kernels.base / 4, (kernels.base + byteLength) / 4);
    for (let i = 0; i < words.length; i++) words[i] = this.#random() * 2 ** 32;
  }

  /** A place for so many bytes; any multiple of 4, not more. */
  take(bytes: number): number {
    const place = this.#next + 4 * Math.floor(this.#random() * 5);
    this.#next = place + 4 * Math.ceil(bytes / 4);
    if (this.#next > this.kernels.byteLength) throw new Error('the arena is too small');
    return place;
  }

  /** A place for so many 64-bit floats. */
  takeDoubles(count: number): number {
    return 8 * Math.ceil(this.take(8 * count + 4) / 8);
  }

  /** Takes a place for a random vector of 64-bit floats; each component is one that 32 bits hold. */
  doubles(count: number, kind: Kind): number {
    const place = this.takeDoubles(count);
    for (let i = 0; i < count; i++)
      this.kernels.f64[place / 8 + i] = Math.fround(component(this.#random, kind));
    return place;
  }

  /** Takes a place for numbers and writes them. */
  put(numbers: ArrayLike<number>): number {
    const place = this.take(4 * numbers.length);
    this.kernels.f32.set(numbers, place / 4);
    return place;
  }

  /** Takes a place for random vectors. */
  vectors(count: number, stride: number, kind: Kind): number {
    return this.put(Array.from({ length: count * stride }, () => component(this.#random, kind)));
  }

  /** Takes a place for random bytes below a limit. */
  bytes(count: number, limit: number): number {
    const place = this.take(count);
    for (let i = 0; i < count; i++) this.kernels.u8[place + i] = this.#random() * limit;
    return place;
  }

  /** The numbers at a place. */
  numbers(place: number, count: number): Float32Array {
    return this.kernels.f32.slice(place / 4, place / 4 + count);
  }

  /** All that callers can see, with one number for every NaN: platforms differ in the bits of those. */
  contents(): Uint32Array {
    const { base, u32, f32 } = this.kernels;
    const from = base / 4;
    const words = u32.slice(from, this.#next / 4);
    for (let i = 0; i < words.length; i++) if (Number.isNaN(f32[from + i])) words[i] = 0x7fc0_0000;
    return words;
  }
}
