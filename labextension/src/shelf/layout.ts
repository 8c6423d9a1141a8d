import type { IRow } from './rows';

/** The height of a line in pixels; style/shelf.css has the same. */
export const LINE = 24;

/** Lines of a message, which is longer than a name. */
const MESSAGE_LINES = 4;

/** Rows that are there beyond the edges, so that scrolling shows no gap. */
const OVERSCAN = 8;

/** Where each row begins, and after the last one where the list ends. */
export function positionsOf(rows: readonly IRow[]): Float64Array {
  const positions = new Float64Array(rows.length + 1);
  rows.forEach((row, index) => {
    const lines = row.kind === 'problem' ? MESSAGE_LINES : 1;
    positions[index + 1] = positions[index] + lines * LINE;
  });
  return positions;
}

/** The first and the last row that are drawn when a part of the list is in view; the last is before the first where there is none. */
export function windowOf(
  positions: Float64Array,
  top: number,
  height: number
): [number, number] {
  const last = positions.length - 2;
  const from = Math.max(0, rowAt(positions, top) - OVERSCAN);
  const to = Math.min(last, rowAt(positions, top + height) + OVERSCAN);
  return [from, to];
}

/** How far to scroll so that a row is in view. */
export function scrollTo(
  positions: Float64Array,
  index: number,
  top: number,
  height: number
): number {
  const begin = positions[index];
  const end = positions[index + 1];
  if (begin < top) {
    return begin;
  }
  return end > top + height ? end - height : top;
}

/** The row that a height is in, by bisection. */
function rowAt(positions: Float64Array, y: number): number {
  let low = 0;
  let high = positions.length - 1;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (positions[middle] <= y) {
      low = middle;
    } else {
      high = middle;
    }
  }
  return low;
}
