/** A new notebook that begins with a lock: what is in its file. */

import type * as nbformat from '@jupyterlab/nbformat';

import type { NotebookBlock } from '../api';
import { METADATA_KEY } from '../notebook/link';

/** A kernel as a notebook's metadata name it. */
export interface IKernel {
  readonly name: string;
  readonly display_name: string;
}

/** What restores the lock; the extension is loaded first, because not every kernel does so by itself. */
export const FIRST_CELL = '%load_ext cloudshelf\n%shelf sync --notebook';

/** The content of the file, in nbformat 4.5; `id` makes the cells' names. */
export function notebookOf(
  block: NotebookBlock,
  kernel: IKernel,
  id: () => string
): nbformat.INotebookContent {
  const cell = (source: string): nbformat.ICodeCell => ({
    cell_type: 'code',
    id: id(),
    execution_count: null,
    metadata: {},
    outputs: [],
    source
  });
  return {
    nbformat: 4,
    nbformat_minor: 5,
    metadata: {
      [METADATA_KEY]: block,
      kernelspec: { ...kernel, language: 'python' }
    },
    cells: [cell(FIRST_CELL), cell('')]
  };
}
