import { describe, expect, it } from 'vitest';

import { formatBytes, formatFact, formatTime } from '../../src/details/format';

describe('numbers as the command prints them', () => {
  it.each<[number, string]>([
    [0, '0 B'],
    [999, '999 B'],
    [1000, '1 kB'],
    [276_400, '276 kB'],
    [999_499, '999 kB'],
    [999_999, '1.0 MB'],
    [17_000_000, '17.0 MB'],
    [123_456_789, '123 MB'],
    [2_500_000_000, '2.5 GB']
  ])('%d bytes are %s', (count, text) => {
    expect(formatBytes(count)).toBe(text);
  });
});

describe('a fact of a difference', () => {
  it.each<[unknown, string]>([
    ['MIT', 'MIT'],
    ['', '–'],
    [null, '–'],
    [[], '–'],
    [['a', 'b'], 'a, b'],
    [3, '3'],
    [{ a: 1 }, '{"a":1}']
  ])('%j', (value, text) => {
    expect(formatFact(value)).toBe(text);
  });
});

it('a time that is none stays as it is', () => {
  expect(formatTime('yesterday')).toBe('yesterday');
  expect(formatTime('2026-11-26T04:00:00Z')).not.toContain('T04');
});
