/** A plan applied to an open notebook: one change that Undo takes back, then run as Lab runs any cell. */

import type { ISessionContextDialogs } from '@jupyterlab/apputils';
import {
  NotebookActions,
  type Notebook,
  type NotebookPanel
} from '@jupyterlab/notebook';
import type { ITranslator } from '@jupyterlab/translation';
import type { ISharedCell } from '@jupyter/ydoc';

import { planDrop, planUse } from './plan';
import { writeEdits, writePlan } from './write';

/** What the cell needs from around the notebook. */
export interface IUseOptions {
  /** Whether the kernel does not load cloudshelf by itself, so that a line has to. */
  readonly mustLoad: boolean;
  /** Load it into the kernel, where a cell above says so, and has not run since the kernel started. */
  readonly load: () => Promise<void>;
  readonly translator: ITranslator;
  readonly dialogs?: ISessionContextDialogs;
}

/**
 * Have a notebook ask for `requirement` in its `%shelf use` cell, and run that cell.
 *
 * The answer is whether the cell ran without an error; what went wrong stands below it, and it is scrolled to.
 * Throws an Error with a sentence for people when the notebook cannot be written.
 */
export async function writeAndRun(
  panel: NotebookPanel,
  requirement: string,
  options: IUseOptions
): Promise<boolean> {
  const trans = options.translator.load('cloudshelf');
  const notebook = panel.content;
  await panel.context.ready;
  if (!notebook.model || isReadOnly(panel)) {
    throw new Error(
      trans.__(
        '%1 is read-only, so no cell asks for %2. Save a copy of it, or have the settings of Cloudshelf use it without a cell.',
        panel.title.label,
        requirement
      )
    );
  }
  const shared = notebook.model.sharedModel;
  const plan = planUse(shared.cells.map(textOf), requirement, options.mustLoad);
  const places = writePlan(shared, plan);
  if (plan.load === 'above') {
    await options.load(); // that cell may have more in it than the extension
  }
  await panel.sessionContext.ready; // before it, Lab would start a second kernel for the cell
  const cells = places.flatMap(place => notebook.widgets[place] ?? []);
  let done = cells.length > 0;
  for (const cell of cells) {
    // One after the other: the first may have to start the kernel
    done &&= await NotebookActions.runCells(
      notebook,
      [cell],
      panel.sessionContext,
      options.dialogs,
      options.translator
    );
  }
  if (!done && !notebook.isDisposed) {
    await show(notebook, cells.at(-1)?.model.id);
  }
  return done;
}

/**
 * Have the cells of a notebook say what its kernel has pinned already; nothing runs, and one that is read-only stays as it is.
 *
 * `insert`: make a `%shelf use` cell where there is none.
 */
export function recordUse(
  panel: NotebookPanel,
  requirement: string,
  options: { readonly mustLoad: boolean; readonly insert: boolean }
): void {
  const shared = panel.content.model?.sharedModel;
  if (!shared || isReadOnly(panel)) {
    return;
  }
  const plan = planUse(shared.cells.map(textOf), requirement, options.mustLoad);
  if (plan.kind === 'replace' || options.insert) {
    writePlan(shared, plan);
  }
}

/** No `%shelf use` cell asks for `project` any more; nothing runs, and a notebook that is read-only stays as it is. */
export function recordDrop(panel: NotebookPanel, project: string): void {
  const shared = panel.content.model?.sharedModel;
  if (shared && !isReadOnly(panel)) {
    writeEdits(shared, planDrop(shared.cells.map(textOf), project));
  }
}

function isReadOnly(panel: NotebookPanel): boolean {
  return (
    panel.content.model?.readOnly === true ||
    panel.context.contentsModel?.writable === false
  );
}

function textOf(cell: ISharedCell): {
  type: string;
  source: string;
  editable: boolean;
} {
  return {
    type: cell.cell_type,
    source: cell.getSource(),
    editable: cell.getMetadata('editable') !== false
  };
}

async function show(notebook: Notebook, id?: string): Promise<void> {
  const index = notebook.widgets.findIndex(cell => cell.model.id === id);
  if (index >= 0) {
    await notebook.scrollToItem(index);
  }
}
