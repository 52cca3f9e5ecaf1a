// Selects and sorts candidates (quickselect, quicksort). A candidate is a 64-bit number: its value in the high half, its row
// in the low one. With the bits of the value mapped to an order-preserving integer, candidates compare as integers.

const HIGH: u64 = 0xffff_ffff_0000_0000;
const SIGN: u64 = 0x8000_0000_0000_0000;

/** Bytes of a range up to which it is sorted by insertion. */
const SHORT: usize = 16 * 8;

/** Maps candidates to integers: sets the sign bit of a positive value, flips all bits of a negative one. */
function toNumbers(from: usize, end: usize): void {
  for (let at = from; at < end; at += 8) {
    const bits = load<u64>(at);
    store<u64>(at, bits ^ (((<u64>((<i64>bits) >> 63)) | SIGN) & HIGH));
  }
}

function fromNumbers(from: usize, end: usize): void {
  for (let at = from; at < end; at += 8) {
    const bits = load<u64>(at);
    store<u64>(at, bits ^ ((~(<u64>((<i64>bits) >> 63)) | SIGN) & HIGH));
  }
}

/** The median of the first, the middle and the last number. */
function pivotOf(first: usize, last: usize): u64 {
  const a = load<u64>(first);
  const b = load<u64>(first + ((((last - first) >>> 3) >>> 1) << 3));
  const c = load<u64>(last);
  const low = min(a, b);
  const high = max(a, b);
  return c < low ? low : c > high ? high : c;
}

/** Moves numbers below the pivot before those above it. Returns the last address of the first part. */
function partition(first: usize, last: usize, pivot: u64): usize {
  let i = first;
  let j = last;
  while (true) {
    while (load<u64>(i) < pivot) i += 8;
    while (load<u64>(j) > pivot) j -= 8;
    if (i >= j) break;
    const other = load<u64>(i);
    store<u64>(i, load<u64>(j));
    store<u64>(j, other);
    i += 8;
    j -= 8;
  }
  return j;
}

function insertionSort(first: usize, last: usize): void {
  for (let at = first + 8; at <= last; at += 8) {
    const bits = load<u64>(at);
    let to = at;
    while (to > first && load<u64>(to - 8) > bits) {
      store<u64>(to, load<u64>(to - 8));
      to -= 8;
    }
    store<u64>(to, bits);
  }
}

function sortNumbers(first: usize, last: usize): void {
  while (last - first > SHORT) {
    const middle = partition(first, last, pivotOf(first, last));
    // Recurses into the shorter part, so that the depth is logarithmic.
    if (middle - first < last - middle) {
      sortNumbers(first, middle);
      first = middle + 8;
    } else {
      sortNumbers(middle + 8, last);
      last = middle;
    }
  }
  insertionSort(first, last);
}

export function sort(candidates: usize, count: i32): void {
  if (count < 2) return;
  const end = candidates + 8 * count;
  toNumbers(candidates, end);
  sortNumbers(candidates, end - 8);
  fromNumbers(candidates, end);
}

export function select(candidates: usize, count: i32, keep: i32): f32 {
  if (keep == 0) return -Infinity;
  if (count < keep) return Infinity;
  const end = candidates + 8 * count;
  const wanted = candidates + 8 * (keep - 1);
  toNumbers(candidates, end);
  let first = candidates;
  let last = end - 8;
  while (last - first > SHORT) {
    const middle = partition(first, last, pivotOf(first, last));
    if (wanted <= middle) last = middle;
    else first = middle + 8;
  }
  insertionSort(first, last);
  fromNumbers(candidates, end);
  return load<f32>(wanted, 4);
}
