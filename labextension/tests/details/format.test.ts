import { describe, expect, it } from 'vitest';

import { formatFact, formatTime } from '../../src/details/format';

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
