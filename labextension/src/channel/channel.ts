import type { Kernel } from '@jupyterlab/services';
import { PromiseDelegate } from '@lumino/coreutils';
import { type ISignal, Signal } from '@lumino/signaling';

import { Line } from './line';
import { mergeChange } from './merge';
import {
  type IBusy,
  type IReplyMessage,
  type IState,
  type IVerbs,
  type KernelMessage as FromKernel,
  TARGET,
  VERSION
} from './messages';

/** The name of the error of what was asked of a channel that ended. */
export const CLOSED = 'ChannelClosed';

/** The name of the error of what was cancelled. */
const CANCELLED = 'Interrupted';

/** A verb that the kernel refused, or that ended with its channel; `next` says what may help. */
export class ChannelError extends Error {
  constructor(
    name: string,
    message: string,
    readonly next: string | null = null
  ) {
    super(message);
    this.name = name;
  }
}

/** Whether a person gave up what they had asked for, which is no error to show. */
export function isCancelled(error: unknown): boolean {
  return error instanceof ChannelError && error.name === CANCELLED;
}

/**
 * - `opening`: asked, not answered; a kernel that runs a cell may answer when that is done
 * - `open`: `state` is live
 * - `absent`: the kernel does not know our target, because the extension is not loaded in it
 * - `closed`: the kernel is gone, or the owner closed it
 */
export type ChannelStatus = 'opening' | 'open' | 'absent' | 'closed';

/** What a verb reports on its way. */
export type Progress = (event: Omit<IBusy, 'verb' | 'by'>) => void;

interface IPending {
  reply: PromiseDelegate<unknown>;
  progress: Progress | undefined;
}

/** One comm with one kernel: the state as it is there, and verbs that the kernel carries out. */
export class Channel {
  constructor(private readonly _kernel: Kernel.IKernelConnection) {}

  get status(): ChannelStatus {
    return this._status;
  }

  /** The last that the kernel said; kept when the channel closes, so that a panel need not go blank. */
  get state(): IState | null {
    return this._state;
  }

  get changed(): ISignal<this, void> {
    return this._changed;
  }

  /** Ask the kernel for its state. Where the channel is open already, this gets the whole state again. */
  async open(): Promise<void> {
    this._leave();
    this._setStatus('opening');
    const line: Line = new Line(
      this._kernel,
      TARGET,
      data => this._onMessage(line, data as FromKernel),
      () => this._onClose(line)
    );
    this._line = line;
    // No `client`: a tab that is duplicated has the storage of the other one, and would close its channel.
    await line.open({ version: VERSION });
  }

  /** Have the kernel carry out a verb. Rejects with ChannelError. */
  request<V extends keyof IVerbs>(
    verb: V,
    args: IVerbs[V]['args'],
    progress?: Progress
  ): Promise<IVerbs[V]['result']> {
    const line = this._line;
    if (!line || this._status !== 'open') {
      return Promise.reject(gone());
    }
    const id = ++this._lastId;
    const reply = new PromiseDelegate<IVerbs[V]['result']>();
    this._pending.set(id, { reply, progress });
    line.send({ type: 'request', id, verb, args });
    return reply.promise;
  }

  /** End it; the last state stays readable. */
  close(): void {
    this._leave();
    this._setStatus('closed');
  }

  dispose(): void {
    this.close();
    Signal.clearData(this);
  }

  private _onMessage(line: Line, said: FromKernel): void {
    if (line !== this._line) {
      return; // of an earlier one, late
    }
    switch (said.type) {
      case 'state':
        this._state = said.state;
        this._setStatus('open');
        break;
      case 'change':
        this._merge(said);
        break;
      case 'progress':
        this._pending.get(said.id)?.progress?.(said.event);
        break;
      case 'reply':
        this._settle(said);
        break;
      case 'ping':
        line.send({ type: 'pong' });
        break;
    }
  }

  private _merge(change: Parameters<typeof mergeChange>[1]): void {
    if (!this._state) {
      return; // the whole state is on its way
    }
    const merged = mergeChange(this._state, change);
    if (!merged) {
      this.request('state', {}).catch(() => undefined); // a closed channel shows itself
      return;
    }
    this._state = merged;
    this._changed.emit();
  }

  private _settle(said: IReplyMessage): void {
    const { name, message, next } = said.error ?? {
      name: 'Error',
      message: 'The kernel gave no reason.',
      next: null
    };
    if (said.id === null) {
      console.warn(`cloudshelf: the kernel did not understand: ${message}`);
      return;
    }
    const pending = this._pending.get(said.id);
    this._pending.delete(said.id);
    if (said.ok) {
      pending?.reply.resolve(said.result);
    } else {
      pending?.reply.reject(new ChannelError(name, message, next));
    }
  }

  /** The kernel closes what it has no target for, before it says anything. */
  private _onClose(line: Line): void {
    if (line !== this._line) {
      return;
    }
    const answered = this._status === 'open';
    this._leave();
    this._setStatus(answered ? 'closed' : 'absent');
  }

  private _leave(): void {
    this._line?.close();
    this._line = null;
    for (const { reply } of this._pending.values()) {
      reply.reject(gone());
    }
    this._pending.clear();
  }

  private _setStatus(status: ChannelStatus): void {
    this._status = status;
    this._changed.emit();
  }

  private _status: ChannelStatus = 'closed';
  private _state: IState | null = null;
  private _line: Line | null = null;
  private _lastId = 0;
  private _pending = new Map<number, IPending>();
  private _changed = new Signal<this, void>(this);
}

function gone(): ChannelError {
  return new ChannelError(
    CLOSED,
    'The connection to the kernel ended before it answered; try again when the kernel is ready.'
  );
}
