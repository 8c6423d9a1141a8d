import { labelOf } from './nodes';
import type { IRow } from './rows';

/** What a key asks for. */
export type KeyAction =
  | { do: 'move'; to: number }
  | { do: 'expand' | 'collapse' | 'activate'; row: number };

/** Rows that Page Up and Page Down go over. */
const PAGE = 10;

/**
 * What a key means on a row of a tree; null if it is none of ours.
 *
 * As in https://www.w3.org/WAI/ARIA/apg/patterns/treeview/#keyboardinteraction: arrows, Home, End, Enter, Space.
 */
export function actionOf(
  key: string,
  rows: readonly IRow[],
  active: number
): KeyAction | null {
  const row = active < 0 ? undefined : rows.at(active);
  const last = rows.length - 1;
  if (!row) {
    return last >= 0 ? { do: 'move', to: 0 } : null;
  }
  const move = (to: number): KeyAction => ({
    do: 'move',
    to: Math.min(last, Math.max(0, to))
  });
  switch (key) {
    case 'ArrowDown':
      return move(active + 1);
    case 'ArrowUp':
      return move(active - 1);
    case 'PageDown':
      return move(active + PAGE);
    case 'PageUp':
      return move(active - PAGE);
    case 'Home':
      return move(0);
    case 'End':
      return move(last);
    case 'ArrowRight':
      if (row.expanded === undefined) {
        return null;
      }
      return row.expanded ? move(active + 1) : { do: 'expand', row: active };
    case 'ArrowLeft':
      if (row.expanded) {
        return { do: 'collapse', row: active };
      }
      return row.parent < 0 ? null : move(row.parent);
    case 'Enter':
    case ' ':
      return { do: 'activate', row: active };
    default:
      return null;
  }
}

/** The next row that begins with what was typed, going on from the top; among those that are loaded. -1 if there is none. */
export function findTyped(
  typed: string,
  rows: readonly IRow[],
  active: number
): number {
  const wanted = typed.toLowerCase();
  // The same letter again goes on to the next; more letters stay where they fit.
  const start = wanted.length > 1 ? Math.max(0, active) : active + 1;
  for (let step = 0; step < rows.length; step++) {
    const index = (start + step) % rows.length;
    const node = rows.at(index)?.node;
    if (node && labelOf(node).toLowerCase().startsWith(wanted)) {
      return index;
    }
  }
  return -1;
}
