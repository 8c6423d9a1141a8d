import { describe, expect, it } from 'vitest';

import { actionOf, findTyped } from '../src/shelf/keyboard';
import { LINE, positionsOf, scrollTo, windowOf } from '../src/shelf/layout';
import type { IRow } from '../src/shelf/rows';

const row = (
  label: string,
  level = 0,
  parent = -1,
  expanded?: boolean
): IRow => ({
  key: label,
  kind: 'node',
  node: { kind: 'project', shelf: 's', project: label, row: {} as never },
  problem: null,
  level,
  index: 0,
  siblings: 1,
  expanded,
  parent,
  list: {} as never
});

const rows = [
  row('idna', 0, -1, true),
  row('3.10', 1, 0, false),
  row('3.7', 1, 0, false),
  row('numpy', 0, -1, false)
];

describe('keys in the tree', () => {
  it('go up, down, to the first and to the last, and stop there', () => {
    expect(actionOf('ArrowDown', rows, 0)).toEqual({ do: 'move', to: 1 });
    expect(actionOf('ArrowDown', rows, 3)).toEqual({ do: 'move', to: 3 });
    expect(actionOf('ArrowUp', rows, 0)).toEqual({ do: 'move', to: 0 });
    expect(actionOf('End', rows, 0)).toEqual({ do: 'move', to: 3 });
    expect(actionOf('Home', rows, 3)).toEqual({ do: 'move', to: 0 });
  });

  it('open with the right arrow, then go inside; close with the left arrow, or go to what it is in', () => {
    expect(actionOf('ArrowRight', rows, 3)).toEqual({ do: 'expand', row: 3 });
    expect(actionOf('ArrowRight', rows, 0)).toEqual({ do: 'move', to: 1 });
    expect(actionOf('ArrowLeft', rows, 0)).toEqual({ do: 'collapse', row: 0 });
    expect(actionOf('ArrowLeft', rows, 2)).toEqual({ do: 'move', to: 0 });
    expect(actionOf('ArrowLeft', rows, 3)).toBeNull();
  });

  it('begin at the first row where none is active', () => {
    expect(actionOf('ArrowDown', rows, -1)).toEqual({ do: 'move', to: 0 });
    expect(actionOf('ArrowDown', [], -1)).toBeNull();
  });

  it('that are no business of a tree are left to others', () => {
    expect(actionOf('Tab', rows, 0)).toBeNull();
  });

  it('find what begins with the letters typed, from the active row on and round', () => {
    expect(findTyped('n', rows, 0)).toBe(3);
    expect(findTyped('3', rows, 1)).toBe(2);
    expect(findTyped('3.1', rows, 1)).toBe(1);
    expect(findTyped('I', rows, 3)).toBe(0);
    expect(findTyped('z', rows, 0)).toBe(-1);
  });
});

describe('the window', () => {
  const many = Array.from({ length: 10_000 }, (_, index) => row(`p${index}`));

  it('has the rows in view and a few around them, of 10,000', () => {
    const positions = positionsOf(many);
    const [from, to] = windowOf(positions, 5000 * LINE, 20 * LINE);
    expect(from).toBeLessThanOrEqual(5000);
    expect(to).toBeGreaterThanOrEqual(5019);
    expect(to - from).toBeLessThan(60);
  });

  it('ends with the list, and is empty where that is', () => {
    expect(windowOf(positionsOf(many), 9999 * LINE, 600)[1]).toBe(9999);
    const [from, to] = windowOf(positionsOf([]), 0, 600);
    expect(to).toBeLessThan(from);
  });

  it('gives messages room, and has what is below them below', () => {
    const problem: IRow = { ...row('x'), kind: 'problem', node: null };
    const positions = positionsOf([problem, row('y')]);
    expect(positions[1]).toBeGreaterThan(2 * LINE);
    expect(positions[2] - positions[1]).toBe(LINE);
  });

  it('scrolls as far as a row needs to be seen, and no farther', () => {
    const positions = positionsOf(many);
    expect(scrollTo(positions, 3, 10 * LINE, 240)).toBe(3 * LINE);
    expect(scrollTo(positions, 30, 0, 240)).toBe(31 * LINE - 240);
    expect(scrollTo(positions, 5, 0, 240)).toBe(0);
  });
});
