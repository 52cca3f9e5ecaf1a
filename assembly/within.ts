// Picks values: the least, those within a limit, a histogram; and drops candidates beyond a threshold.

export function least(values: usize, count: i32): f32 {
  const end = values + 4 * (count & ~3);
  const many = values + 4 * (count & ~15);
  const all = values + 4 * count;
  let lanes = f32x4.splat(Infinity);
  let others = lanes;
  for (; values < many; values += 64) {
    // Two running minima, as each waits for its last value.
    lanes = f32x4.min(lanes, f32x4.min(v128.load(values), v128.load(values, 16)));
    others = f32x4.min(others, f32x4.min(v128.load(values, 32), v128.load(values, 48)));
  }
  for (; values < end; values += 16) lanes = f32x4.min(lanes, v128.load(values));
  lanes = f32x4.min(lanes, others);
  let found = min(
    min(f32x4.extract_lane(lanes, 0), f32x4.extract_lane(lanes, 1)),
    min(f32x4.extract_lane(lanes, 2), f32x4.extract_lane(lanes, 3)),
  );
  for (; values < all; values += 4) found = min(found, load<f32>(values));
  return found;
}

export function within(values: usize, count: i32, threshold: f32, out: usize, label: u32): i32 {
  const most = f32x4.splat(threshold);
  const whole = count & ~3;
  let next = out;
  let i = 0;
  for (; i < whole; i += 4) {
    let near = i32x4.bitmask(f32x4.le(v128.load(values + 4 * i), most));
    for (; near != 0; near &= near - 1) next = put(values, i + ctz(near), next, label);
  }
  for (; i < count; i++) if (load<f32>(values + 4 * i) <= threshold) next = put(values, i, next, label);
  return <i32>((next - out) >>> 3);
}

export function tally(values: usize, count: i32, low: f32, scale: f32, bins: i32, out: usize): void {
  const lows = f32x4.splat(low);
  const scales = f32x4.splat(scale);
  const most = f32x4.splat(<f32>bins);
  const zero = f32x4.splat(0);
  const end = values + 4 * (count & ~3);
  const all = values + 4 * count;
  for (; values < end; values += 16) {
    const positions = f32x4.mul(f32x4.sub(v128.load(values), lows), scales);
    // `pmin(a, b)` is a unless b is less, so NaN becomes the last bin.
    const bin = i32x4.trunc_sat_f32x4_s(f32x4.pmax(zero, f32x4.pmin(most, positions)));
    add1(out, i32x4.extract_lane(bin, 0));
    add1(out, i32x4.extract_lane(bin, 1));
    add1(out, i32x4.extract_lane(bin, 2));
    add1(out, i32x4.extract_lane(bin, 3));
  }
  for (; values < all; values += 4) {
    const position = (load<f32>(values) - low) * scale;
    add1(out, position < <f32>bins ? <i32>max(<f32>0, position) : bins);
  }
}

/** Adds 1 to a bin. */
function add1(out: usize, bin: i32): void {
  const at = out + ((<usize>bin) << 2);
  store<u32>(at, load<u32>(at) + 1);
}

export function keep(candidates: usize, count: i32, threshold: f32): i32 {
  const end = candidates + 8 * count;
  let next = candidates;
  for (let at = candidates; at < end; at += 8) {
    store<u64>(next, load<u64>(at));
    // Without a branch, which could not be predicted.
    next += (<usize>!(load<f32>(at, 4) > threshold)) << 3;
  }
  return <i32>((next - candidates) >>> 3);
}

function put(values: usize, i: i32, next: usize, label: u32): usize {
  store<u32>(next, label + i);
  store<f32>(next, load<f32>(values + 4 * i), 4);
  return next + 8;
}
