import { describe, expect, it } from 'vitest';
import { speedAt, worthwhile } from '../../bench/engines/at-recall.js';
import type { Point } from '../../bench/engines/measured.js';

function point(recall: number, perSecond: number): Point {
  return { knob: 'knob', value: perSecond, recall, perSecond };
}

describe('the speed at a recall, which the ratios of the benchmarks are made of', () => {
  const points = [point(0.99, 100), point(0.9, 10_000), point(0.8, 20_000)];

  it('is that of a setting with just this recall', () => {
    expect(speedAt(points, 0.9)).toEqual({ perSecond: 10_000, atLeast: false });
    expect(speedAt(points, 0.99)?.perSecond).toBeCloseTo(100, 9);
    expect(speedAt(points, 0.8)).toEqual({ perSecond: 20_000, atLeast: false });
  });

  it('is the geometric mean half-way between two settings', () => {
    expect(speedAt(points, 0.945)?.perSecond).toBeCloseTo(1000, 6);
  });

  it('is unknown above all settings, and a least one below them', () => {
    expect(speedAt(points, 0.995)).toBeUndefined();
    expect(speedAt(points, 0.5)).toEqual({ perSecond: 20_000, atLeast: true });
    expect(speedAt([], 0.5)).toBeUndefined();
  });

  it('takes no notice of settings that find less and are slower', () => {
    const worse = [...points, point(0.85, 50), point(0.9, 9000), point(0.95, 90)];
    expect(worthwhile(worse)).toEqual([...points].reverse());
    expect(speedAt(worse, 0.945)).toEqual(speedAt(points, 0.945));
  });
});
