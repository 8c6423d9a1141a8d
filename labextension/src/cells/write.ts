/** A plan written into the model that all views of a notebook share. */

import type { ISharedCell, ISharedNotebook } from '@jupyter/ydoc';

import type { ICellPlan } from './plan';

/** The change of a plan, as one step of the notebook's Undo; a cursor within the cell keeps its place. */
export function writePlan(notebook: ISharedNotebook, plan: ICellPlan): void {
  if (plan.kind === 'insert') {
    notebook.insertCell(plan.index, {
      cell_type: 'code',
      source: plan.source,
      metadata: { trusted: true }
    });
  } else if (plan.kind === 'replace') {
    replaceText(notebook.getCell(plan.index), plan.source);
  }
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
