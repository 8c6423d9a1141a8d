/** A plan written into the model that all views of a notebook share. */

import type { ISharedCell, ISharedNotebook, SharedCell } from '@jupyter/ydoc';

import { type ICellEdit, type ICellPlan, LOAD_CELL } from './plan';

/**
 * The change of a plan, as one step of the notebook's Undo; a cursor within the cell keeps its place.
 *
 * The answer are the places of the cells that have to run.
 */
export function writePlan(
  notebook: ISharedNotebook,
  plan: ICellPlan
): number[] {
  const { index, source } = plan;
  notebook.transact(() => {
    if (plan.kind === 'insert') {
      notebook.insertCell(index, newCell(source));
    } else if (plan.kind === 'replace') {
      replaceText(notebook.getCell(index), source);
    }
    if (plan.load === 'insert') {
      notebook.insertCell(index, newCell(LOAD_CELL));
    }
  });
  return plan.load === 'insert' ? [index, index + 1] : [index];
}

/** Edits that begin with the last cell, as one step of the notebook's Undo. */
export function writeEdits(
  notebook: ISharedNotebook,
  edits: readonly ICellEdit[]
): void {
  notebook.transact(() => {
    for (const { index, source } of edits) {
      if (source === null) {
        notebook.deleteCell(index);
      } else {
        replaceText(notebook.getCell(index), source);
      }
    }
  });
}

function newCell(source: string): SharedCell.Cell {
  return { cell_type: 'code', source, metadata: { trusted: true } };
}

function replaceText(cell: ISharedCell, source: string): void {
  const old = cell.getSource();
  const most = Math.min(old.length, source.length);
  let head = 0;
  while (head < most && old[head] === source[head]) {
    head += 1;
  }
  let tail = 0;
  while (
    tail < most - head &&
    old[old.length - 1 - tail] === source[source.length - 1 - tail]
  ) {
    tail += 1;
  }
  cell.updateSource(
    head,
    old.length - tail,
    source.slice(head, source.length - tail)
  );
}
