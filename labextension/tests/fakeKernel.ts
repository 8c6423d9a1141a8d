import { Signal } from '@lumino/signaling';

import type { IState, KernelMessage as Said } from '../src/channel';

interface IMessage {
  header: { msg_type: string; subshell_id?: string };
  content: Record<string, unknown>;
}

/** A kernel's end of comms, which does what the test says. */
export class FakeKernel {
  readonly comms: FakeComm[] = [];
  language = 'python';
  /** Subshells that there are; null: it has none, and no control channel that answers. */
  subshells: string[] | null = null;
  readonly username = 'ann';
  readonly clientId = 'page';
  readonly isDisposed = false;
  status = 'idle';
  connectionStatus = 'connected';
  readonly connectionStatusChanged = new Signal<this, string>(this);
  /** What the shell says of the kernel; a busy one does not. */
  info: Promise<unknown> = Promise.resolve().then(() => this._info);

  createComm(): FakeComm {
    const comm = new FakeComm(`comm-${this.comms.length}`);
    this.comms.push(comm);
    return comm;
  }

  sendControlMessage({ header, content }: IMessage): IFuture {
    if (this.connectionStatus !== 'connected') {
      throw new Error('Could not send message: status is not connected');
    }
    if (this.subshells === null) {
      return { done: new Promise(() => undefined), dispose: () => undefined };
    }
    switch (header.msg_type) {
      case 'kernel_info_request':
        return future(this._info);
      case 'create_subshell_request':
        this.subshells.push(`subshell-${this._made++}`);
        return future({ subshell_id: this.subshells.at(-1) });
      default:
        this.subshells = this.subshells.filter(
          each => each !== content['subshell_id']
        );
        return future({});
    }
  }

  sendShellMessage({ header, content }: IMessage): IFuture {
    const comm = this.comms.find(each => each.commId === content['comm_id']);
    const data = content['data'] as { type: string };
    if (comm && header.msg_type === 'comm_open') {
      comm.opened = data;
      comm.subshell = header.subshell_id ?? null;
    } else if (comm && header.msg_type === 'comm_msg') {
      comm.sent.push(data);
    }
    return future({});
  }

  private get _info(): unknown {
    return {
      language_info: { name: this.language },
      supported_features: this.subshells === null ? [] : ['kernel subshells']
    };
  }

  private _made = 0;
}

interface IFuture {
  done: Promise<unknown>;
  dispose: () => void;
}

const future = (content: unknown): IFuture => ({
  done: Promise.resolve({ content }),
  dispose: () => undefined
});

export class FakeComm {
  isDisposed = false;
  opened: unknown = null;
  subshell: string | null = null;
  sent: { type: string; id?: number; verb?: string }[] = [];
  onMsg: (msg: unknown) => void = () => undefined;
  onClose: (msg: unknown) => void = () => undefined;

  constructor(readonly commId: string) {}

  dispose(): void {
    this.isDisposed = true;
  }

  /** The kernel says something. */
  says(data: Said): void {
    this.onMsg({ content: { data } });
  }
}

/** A state with nothing in it but what tests tell apart. */
export const stateOf = (seq: number, requirements: string[] = []): IState => ({
  version: 1,
  seq,
  cloudshelf: '0.1.0',
  shelf: null,
  requirements,
  pins: [],
  provided: {},
  busy: null,
  totals: { bytes: 0, fetched: 0 },
  notebook: null,
  restart: null,
  problem: null
});
