/** Dragging a project or a version into a notebook, where it becomes a cell. */

import { MimeData } from '@lumino/coreutils';
import { Drag } from '@lumino/dragdrop';

import { cellFor, type IRow, requirementOf } from './requirement';

// What notebooks take from each other (@jupyterlab/notebook, widget.ts)
const CELLS = 'application/vnd.jupyter.cells';
const DISTANCE = 5; // pixels before a press becomes a drag, as everywhere in Lab

/**
 * Begin to drag a row when the pointer has moved far enough: for the `pointerdown` or `mousedown` of a row of a tree.
 *
 * A notebook makes a cell of what is dropped, an editor takes the line as text. Escape, or dropping it elsewhere, does nothing.
 */
export function startDrag(event: MouseEvent, row: IRow): void {
  if (event.button !== 0) {
    return;
  }
  const begun = { x: event.clientX, y: event.clientY };
  const controller = new AbortController();
  const options = { signal: controller.signal, capture: true };
  const end = (): void => controller.abort();
  document.addEventListener('mouseup', end, options);
  document.addEventListener(
    'mousemove',
    (moved: MouseEvent) => {
      if (
        Math.abs(moved.clientX - begun.x) >= DISTANCE ||
        Math.abs(moved.clientY - begun.y) >= DISTANCE
      ) {
        end();
        void drag(moved, row);
      }
    },
    options
  );
}

async function drag(event: MouseEvent, row: IRow): Promise<void> {
  const cell = cellFor(requirementOf(row));
  const mimeData = new MimeData();
  mimeData.setData(CELLS, [cell]);
  mimeData.setData('text/plain', cell.source);
  const image = document.createElement('div');
  image.className = 'cloudshelf-DragImage';
  image.textContent = cell.source;
  const dragged = new Drag({
    mimeData,
    dragImage: image,
    supportedActions: 'copy-move',
    proposedAction: 'copy',
    source: null
  });
  try {
    await dragged.start(event.clientX, event.clientY);
  } finally {
    dragged.dispose();
  }
}
