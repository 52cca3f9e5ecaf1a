// A mean that is too noisy is not printed, nor what would be calculated from it.
import { expect, test } from 'vitest';
import { cell, ratio } from '../../bench/stopwatch.js';

const sure = { seconds: 0.002, rme: 20, samples: 9 };
const noisy = { seconds: 0.001, rme: 20.1, samples: 9 };

test('up to 20 % a mean is printed with its margin, above that it is not', () => {
  expect(cell(sure)).toBe('2 ms ± 20 %');
  expect(cell(noisy)).toBe('too noisy');
});

test('nor is a ratio with it', () => {
  expect(ratio(sure, { ...sure, seconds: 0.001 })).toBe('2');
  expect([ratio(sure, noisy), ratio(noisy, sure)]).toEqual(['too noisy', 'too noisy']);
});
