/** Which open notebook a kernel's message is for. */

import type { CodeCell } from '@jupyterlab/cells';
import type { NotebookPanel } from '@jupyterlab/notebook';
import type { KernelMessage } from '@jupyterlab/services';

/**
 * The notebook that sent what made the kernel ask; null where it was none of these.
 *
 * A message of the kernel reaches every page that shows its notebook. Only the page whose cell ran answers: if two
 * saved the file, each would find that somebody else had changed it.
 */
export function askerOf(
  panels: readonly NotebookPanel[],
  msg: KernelMessage.IMessage
): NotebookPanel | null {
  const parent = msg.parent_header as Partial<KernelMessage.IHeader>;
  const ran = panels.find(panel =>
    panel.content.widgets.some(
      cell =>
        cell.model.type === 'code' &&
        futureId(cell as CodeCell) === parent.msg_id
    )
  );
  const sent = panels.find(
    panel => panel.sessionContext.session?.kernel?.clientId === parent.session
  );
  return ran ?? sent ?? null;
}

function futureId(cell: CodeCell): string | undefined {
  const { future } = cell.outputArea as {
    future?: CodeCell['outputArea']['future'];
  };
  return future?.msg.header.msg_id;
}
