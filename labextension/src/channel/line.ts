import { type Kernel, KernelMessage } from '@jupyterlab/services';
import type { JSONObject } from '@lumino/coreutils';

import { endSubshell, startSubshell } from './control';

type MessageType = 'comm_open' | 'comm_msg' | 'comm_close';

/**
 * A comm with a kernel, in a subshell of its own where the kernel has them.
 *
 * Lab has its comms share subshells, but learns only from a kernel's shell whether there are any: after a reload while a cell runs,
 * that is when the cell ends. It counts what shares one, and the count is wrong when a comm ends before its subshell has started.
 */
export class Line {
  constructor(
    private readonly _kernel: Kernel.IKernelConnection,
    private readonly _target: string,
    received: (data: unknown) => void,
    closed: () => void
  ) {
    const comm = _kernel.createComm(_target);
    (comm as { commsOverSubshells?: string }).commsOverSubshells = 'disabled';
    comm.onMsg = msg => received(msg.content.data);
    comm.onClose = () => {
      this._ended = true;
      this._leaveSubshell();
      closed();
    };
    this._comm = comm;
  }

  /** Open it on the kernel's side, as soon as the kernel can take it. */
  async open(data: JSONObject): Promise<void> {
    this._subshell = await startSubshell(this._kernel);
    if (this._ended) {
      this._leaveSubshell();
    } else {
      this._opened = true;
      this._say('comm_open', { target_name: this._target, data });
    }
  }

  send(data: JSONObject): void {
    this._say('comm_msg', { data });
  }

  /** End it. A kernel that is gone or going is told nothing: the next one would get what was meant for it. */
  close(): void {
    if (this._ended) {
      return;
    }
    this._ended = true;
    this._comm.dispose();
    if (this._opened && isThere(this._kernel)) {
      const told = this._say('comm_close', { data: {} });
      told.done
        .catch(() => undefined)
        .finally(() => {
          this._leaveSubshell();
        });
    }
  }

  private _say(msgType: MessageType, content: JSONObject): Kernel.IShellFuture {
    const { username, clientId: session } = this._kernel;
    const msg = KernelMessage.createMessage({
      msgType,
      channel: 'shell',
      username,
      session,
      content: { comm_id: this._comm.commId, ...content }
    } as KernelMessage.IOptions<KernelMessage.ICommMsgMsg<'shell'>>);
    if (this._subshell) {
      (msg.header as { subshell_id?: string }).subshell_id = this._subshell;
    }
    return this._kernel.sendShellMessage(msg, false, true);
  }

  private _leaveSubshell(): void {
    const subshell = this._subshell;
    this._subshell = null;
    if (subshell && isThere(this._kernel)) {
      endSubshell(this._kernel, subshell);
    }
  }

  private readonly _comm: Kernel.IComm;
  private _subshell: string | null = null;
  private _opened = false;
  private _ended = false;
}

function isThere(kernel: Kernel.IKernelConnection): boolean {
  return (
    !kernel.isDisposed &&
    !['dead', 'terminating', 'restarting', 'autorestarting'].includes(
      kernel.status
    )
  );
}
