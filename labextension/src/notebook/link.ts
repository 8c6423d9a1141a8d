import type { ISessionContext } from '@jupyterlab/apputils';
import type { NotebookPanel } from '@jupyterlab/notebook';
import type { Kernel } from '@jupyterlab/services';
import { type ISignal, Signal } from '@lumino/signaling';

import type { NotebookBlock } from '../api';
import { Channel, ChannelError, CLOSED, infoOf } from '../channel';
import type { IState, IVerbs, Progress } from '../channel';
import { onCellNaming } from './cells';

/**
 * How a notebook stands to our extension in its kernel:
 *
 * - `no-kernel`, `starting`, `dead`: its kernel, as Jupyter says
 * - `not-python`: its kernel speaks another language
 * - `waiting`: asked; a kernel without subshells answers after the running cell
 * - `no-extension`: the extension is not loaded in the kernel
 * - `ready`: pins are live
 */
export type LinkStatus =
  | 'no-kernel'
  | 'starting'
  | 'dead'
  | 'not-python'
  | 'waiting'
  | 'no-extension'
  | 'ready';

/** The key of the notebook's metadata that its lock is under (docs/notebooks.md). */
export const METADATA_KEY = 'cloudshelf';

/** One open notebook and its kernel's channel, kept through restarts, changes of kernel and lost connections. */
export class NotebookLink {
  constructor(readonly panel: NotebookPanel) {
    const context = panel.sessionContext;
    context.kernelChanged.connect(this._connect, this);
    context.statusChanged.connect(this._onStatus, this);
    context.connectionStatusChanged.connect(this._onConnection, this);
    onCellNaming(context, 'cloudshelf', () => {
      // It may have loaded the extension.
      if (this.status === 'no-extension') {
        void this._channel?.open();
      }
    });
    panel.context.pathChanged.connect(this._tellNotebook, this);
    void panel.context.ready.then(() => {
      if (!panel.isDisposed) {
        panel.model?.metadataChanged.connect(this._onMetadata, this);
        this._tellNotebook();
      }
    });
    this._connect();
  }

  get changed(): ISignal<this, void> {
    return this._changed;
  }

  get status(): LinkStatus {
    const context = this.panel.sessionContext;
    const kernel = context.session?.kernel;
    if (!kernel) {
      return context.isReady || context.hasNoKernel ? 'no-kernel' : 'starting';
    }
    if (kernel.status === 'dead' || kernel.status === 'terminating') {
      return 'dead';
    }
    if (['starting', 'restarting', 'autorestarting'].includes(kernel.status)) {
      return 'starting';
    }
    if (this._language && this._language !== 'python') {
      return 'not-python';
    }
    switch (this._channel?.status) {
      case 'open':
        return 'ready';
      case 'absent':
        return 'no-extension';
      default:
        return 'waiting';
    }
  }

  /** Whether the kernel runs a cell. After a reload it has not said so, and says nothing until the cell is done. */
  get busy(): boolean {
    const kernel = this.panel.sessionContext.session?.kernel;
    return kernel?.status === 'busy' || kernel?.status === 'unknown';
  }

  /** What the kernel has pinned; null where it cannot be known. */
  get state(): IState | null {
    return this.status === 'ready' ? (this._channel?.state ?? null) : null;
  }

  /** The lock that the notebook carries. */
  get block(): NotebookBlock | null {
    const block = this.panel.model?.getMetadata(METADATA_KEY) as
      NotebookBlock | undefined;
    return block ?? null;
  }

  /** Have the kernel carry out a verb. Rejects with ChannelError. */
  request<V extends keyof IVerbs>(
    verb: V,
    args: IVerbs[V]['args'],
    progress?: Progress
  ): Promise<IVerbs[V]['result']> {
    const channel = this._channel;
    if (!channel) {
      return Promise.reject(
        new Error('This notebook has no kernel; start one.')
      );
    }
    return channel.request(verb, args, progress);
  }

  /** End what the kernel works on for us: what panels asked for, or the cell that asks for it. */
  async cancel(): Promise<void> {
    if (this.state?.busy?.by === 'panel') {
      await this.request('cancel', {});
    } else {
      await this.panel.sessionContext.session?.kernel?.interrupt();
    }
  }

  /**
   * Load our extension into the kernel, as `%load_ext cloudshelf` would, and nothing in the history.
   *
   * Rejects with the kernel's own words where it has no cloudshelf.
   */
  async loadExtension(): Promise<void> {
    const kernel = this.panel.sessionContext.session?.kernel;
    if (!kernel) {
      throw new Error('This notebook has no kernel; start one.');
    }
    const { content } = await kernel.requestExecute({
      code: '%load_ext cloudshelf',
      silent: true,
      store_history: false,
      stop_on_error: false
    }).done;
    if (content.status === 'error') {
      throw new Error(`${content.ename}: ${content.evalue}`);
    }
    this._loadedHere = true;
    await this._channel?.open();
  }

  /** Whether `loadExtension` loaded it, so that a colleague's kernel does not have it by itself. */
  get loadedHere(): boolean {
    return this._loadedHere;
  }

  /** Resolves when the pins are live, or rejects when they will not be. */
  whenReady(): Promise<void> {
    return new Promise((resolve, reject) => {
      const look = (): void => {
        const status = this.status;
        if (status === 'ready') {
          resolve();
        } else if (status === 'no-extension' || status === 'dead') {
          reject(new Error('The kernel came back without cloudshelf.'));
        } else {
          return;
        }
        this._changed.disconnect(look);
      };
      this._changed.connect(look);
      look();
    });
  }

  dispose(): void {
    this._channel?.dispose();
    Signal.clearData(this);
  }

  private _connect(): void {
    this._channel?.dispose();
    this._channel = null;
    this._language = null;
    const kernel = this.panel.sessionContext.session?.kernel;
    if (kernel) {
      const channel = new Channel(kernel);
      channel.changed.connect(this._onChannel, this);
      this._channel = channel;
      void this._open(kernel, channel);
    }
    this._changed.emit();
  }

  /** Ask the kernel what language it is, and a Python for its pins. */
  private async _open(
    kernel: Kernel.IKernelConnection,
    channel: Channel
  ): Promise<void> {
    try {
      const info = await infoOf(kernel);
      if (channel !== this._channel) {
        return;
      }
      this._language = info.language_info.name;
      if (this._language === 'python') {
        await channel.open();
      }
    } catch {
      // The kernel went away meanwhile; its status says so.
    }
    this._changed.emit();
  }

  private _onChannel(channel: Channel): void {
    if (channel.status === 'open' && !this._told) {
      this._told = true;
      this._tellNotebook();
    } else if (channel.status !== 'open') {
      this._told = false;
    }
    this._changed.emit();
  }

  private _onStatus(_: ISessionContext, status: Kernel.Status): void {
    if (status === 'restarting' || status === 'autorestarting') {
      this._restarted = true;
      this._channel?.close();
    } else if (status === 'dead') {
      this._channel?.close();
    } else if (this._restarted && (status === 'idle' || status === 'busy')) {
      this._restarted = false;
      this._connect();
      return;
    }
    this._changed.emit();
  }

  /**
   * Changes that were sent while the connection was lost are lost with it.
   *
   * A restart loses it, too; until the kernel is back it would not answer what Lab asks to make a subshell, and neither later comms.
   */
  private _onConnection(
    _: ISessionContext,
    status: Kernel.ConnectionStatus
  ): void {
    if (status === 'connected' && this._disconnected) {
      this._disconnected = false;
      if (!this._restarted) {
        this._connect();
      }
    } else if (status !== 'connected') {
      this._disconnected = true;
    }
  }

  private _onMetadata(_: unknown, change: { key: string }): void {
    if (change.key === METADATA_KEY) {
      this._tellNotebook();
      this._changed.emit();
    }
  }

  /** The kernel cannot see its notebook; it is told which lock that carries, to say what differs. */
  private _tellNotebook(): void {
    if (this._channel?.status !== 'open') {
      return;
    }
    const path = this.panel.context.path;
    this._channel
      .request('notebook', { block: this.block, path })
      .catch((error: unknown) => {
        if (!(error instanceof ChannelError && error.name === CLOSED)) {
          console.warn('cloudshelf: the kernel did not take the lock', error);
        } // else the next channel tells it
      });
  }

  private _channel: Channel | null = null;
  private _language: string | null = null;
  private _loadedHere = false;
  private _told = false;
  private _restarted = false;
  private _disconnected = false;
  private _changed = new Signal<this, void>(this);
}
