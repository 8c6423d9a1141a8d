import type { ISessionContext } from '@jupyterlab/apputils';
import type { KernelMessage } from '@jupyterlab/services';

/** Call back when a cell has run, from whatever front end, that has `text` in its code. It ends with the session. */
export function onCellNaming(
  session: ISessionContext,
  text: string,
  callback: () => void
): void {
  const running = new Set<string>();
  session.iopubMessage.connect((_, msg: KernelMessage.IMessage) => {
    const parent = (msg.parent_header as Partial<KernelMessage.IHeader>).msg_id;
    if (!parent) {
      return;
    }
    const { msg_type: type } = msg.header;
    if (type === 'execute_input') {
      const { code } = msg.content as KernelMessage.IExecuteInputMsg['content'];
      if (code.includes(text)) {
        running.add(parent);
      }
    } else if (type === 'status') {
      const { execution_state: state } =
        msg.content as KernelMessage.IStatusMsg['content'];
      if (state === 'idle' && running.delete(parent)) {
        callback();
      }
    }
  });
}
