import type {
  JupyterFrontEnd,
  JupyterFrontEndPlugin
} from '@jupyterlab/application';
import {
  Clipboard,
  ICommandPalette,
  ISessionContextDialogs,
  Notification
} from '@jupyterlab/apputils';
import { ISettingRegistry } from '@jupyterlab/settingregistry';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';

import { askRequirement, reporting } from '../commands/dialogs';
import { CommandIDs, type ICommandArgs } from '../commands/ids';
import { ICells, ICurrentNotebook } from '../tokens';
import { requirementOf } from './requirement';
import { Cells } from './use';

const SETTINGS = 'cloudshelf:panel';

/** Using a project or a version in a notebook. */
export const cellsPlugin: JupyterFrontEndPlugin<ICells> = {
  id: 'cloudshelf:cells',
  description: 'Writes what is used into a cell of the notebook in front.',
  autoStart: true,
  requires: [ICurrentNotebook],
  optional: [
    ITranslator,
    ISettingRegistry,
    ICommandPalette,
    ISessionContextDialogs
  ],
  provides: ICells,
  activate: (
    app: JupyterFrontEnd,
    current: ICurrentNotebook,
    translator: ITranslator | null,
    settings: ISettingRegistry | null,
    palette: ICommandPalette | null,
    dialogs: ISessionContextDialogs | null
  ): ICells => {
    const language = translator ?? nullTranslator;
    const trans = language.load('cloudshelf');
    const withoutCell = async (): Promise<boolean> =>
      (await settings?.get(SETTINGS, 'useWithoutCell'))?.composite === true;
    const cells = new Cells(
      current,
      language,
      withoutCell,
      dialogs ?? undefined
    );

    const add = (
      id: string,
      label: string,
      caption: string,
      act: (requirement: string) => Promise<void>
    ): void => {
      app.commands.addCommand(id, {
        label,
        caption,
        execute: (args: ICommandArgs) =>
          reporting(label, async () => {
            const { requirement, project, version } = args;
            const asked =
              requirement ??
              (project
                ? requirementOf({ project, ...(version ? { version } : {}) })
                : await askRequirement(trans, label));
            if (asked !== null) {
              await act(asked);
            }
          })
      });
      palette?.addItem({ command: id, category: trans.__('Shelf') });
    };

    add(
      CommandIDs.use,
      trans.__('Use in This Notebook'),
      trans.__('Pin it, by a %shelf use cell at the top of the notebook'),
      requirement => cells.use(requirement)
    );
    add(
      CommandIDs.insertCell,
      trans.__('Insert as Cell Below'),
      trans.__('A cell that uses it, below the one in front; it does not run'),
      requirement => cells.insertCell(requirement)
    );
    add(
      CommandIDs.copyRequirement,
      trans.__('Copy Requirement'),
      trans.__('Into the clipboard, as one types it after %shelf use'),
      requirement => {
        Clipboard.copyToSystem(requirement);
        Notification.success(trans.__('Copied: %1', requirement), {
          autoClose: 3000
        });
        return Promise.resolve();
      }
    );
    return cells;
  }
};
