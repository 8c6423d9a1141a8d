/** "Use in this notebook": into its cell, or by the settings into its kernel alone. */

import type { ISessionContextDialogs } from '@jupyterlab/apputils';
import { NotebookActions } from '@jupyterlab/notebook';
import type { ITranslator } from '@jupyterlab/translation';

import * as actions from '../notebook/actions';
import type { NotebookLink } from '../notebook/link';
import type { ICells, ICurrentNotebook } from '../tokens';
import { recordDrop, recordUse, writeAndRun } from './apply';
import { cellFor } from './requirement';

/** What is used goes into the notebook in front. */
export class Cells implements ICells {
  constructor(
    private readonly _current: ICurrentNotebook,
    private readonly _translator: ITranslator,
    private readonly _withoutCell: () => Promise<boolean>,
    private readonly _dialogs?: ISessionContextDialogs
  ) {}

  /** As the settings say. */
  async use(requirement: string): Promise<void> {
    return (await this._withoutCell())
      ? this.useInKernel(requirement)
      : this.useInNotebook(requirement);
  }

  async useInNotebook(requirement: string): Promise<void> {
    const link = this._link();
    await settled(link);
    await writeAndRun(link.panel, requirement, {
      mustLoad: link.status !== 'ready' || link.loadedHere,
      load: async () => {
        if (link.status === 'no-extension') {
          await link.loadExtension();
        }
      },
      translator: this._translator,
      ...(this._dialogs ? { dialogs: this._dialogs } : {})
    });
  }

  /** Pin it in the kernel; no cell says so. */
  async useInKernel(requirement: string): Promise<void> {
    const link = this._link();
    await settled(link);
    if (link.status === 'no-extension') {
      await link.loadExtension();
      await link.whenReady();
    }
    await actions.use(link, requirement, this._translator.load('cloudshelf'));
  }

  async recordUse(requirement: string): Promise<void> {
    const link = this._link();
    recordUse(link.panel, requirement, {
      mustLoad: link.loadedHere,
      insert: !(await this._withoutCell())
    });
  }

  recordDrop(project: string): void {
    recordDrop(this._link().panel, project);
  }

  /** A cell below the one in front, for who reads it before it runs; what a drop makes, for the keyboard. */
  async insertCell(requirement: string): Promise<void> {
    const notebook = this._link().panel.content;
    NotebookActions.insertBelow(notebook);
    notebook.activeCell?.model.sharedModel.setSource(
      cellFor(requirement).source
    );
    await NotebookActions.focusActiveCell(notebook);
  }

  private _link(): NotebookLink {
    const link = this._current.link;
    if (!link) {
      const trans = this._translator.load('cloudshelf');
      throw new Error(
        trans.__('No notebook is open. Open one, or make one, and try again.')
      );
    }
    return link;
  }
}

/** Wait until it is known whether the kernel has our extension; a kernel that runs a cell may not say before its end. */
function settled(link: NotebookLink): Promise<void> {
  return new Promise(resolve => {
    const look = (): void => {
      const unknown = link.status === 'starting' || link.status === 'waiting';
      if (!unknown || link.busy || link.panel.isDisposed) {
        link.changed.disconnect(look);
        resolve();
      }
    };
    link.changed.connect(look);
    look();
  });
}
