import {
  ILayoutRestorer,
  type JupyterFrontEnd,
  type JupyterFrontEndPlugin
} from '@jupyterlab/application';
import { ICommandPalette, Notification } from '@jupyterlab/apputils';
import { PathExt } from '@jupyterlab/coreutils';
import { IDocumentManager } from '@jupyterlab/docmanager';
import {
  IDefaultFileBrowser,
  IFileBrowserFactory
} from '@jupyterlab/filebrowser';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';

import { reporting } from '../commands/dialogs';
import { CommandIDs, type ICommandArgs } from '../commands/ids';
import { IShelfApi } from '../tokens';
import { addBrowser } from './browser';
import { askFolder, writeCopy } from './copy';
import { ShelfDrive } from './drive';
import { isNotebook } from './models';
import { openReadOnly } from './open';
import { folderOf, formatPlace } from './place';
import { EDITOR, readOnlyEditors } from './readOnly';

/** The shelf as a read-only drive: opening and copying files, and an ordinary file browser on it. */
export const drivePlugin: JupyterFrontEndPlugin<void> = {
  id: 'cloudshelf:drive',
  description: 'The shelf as a read-only drive.',
  autoStart: true,
  requires: [IShelfApi, IDocumentManager],
  optional: [
    ITranslator,
    ICommandPalette,
    IFileBrowserFactory,
    IDefaultFileBrowser,
    ILayoutRestorer
  ],
  activate: (
    app: JupyterFrontEnd,
    api: IShelfApi,
    manager: IDocumentManager,
    translator: ITranslator | null,
    palette: ICommandPalette | null,
    factory: IFileBrowserFactory | null,
    browser: IDefaultFileBrowser | null,
    restorer: ILayoutRestorer | null
  ): void => {
    const language = translator ?? nullTranslator;
    const trans = language.load('cloudshelf');
    const { contents } = app.serviceManager;
    const drive = new ShelfDrive(api);
    contents.addDrive(drive);
    app.docRegistry.addWidgetExtension(EDITOR, readOnlyEditors);

    const localPathOf = async (args: ICommandArgs): Promise<string> => {
      const { shelf: id, project = '', version = '', path = '' } = args;
      const { shelves } = await api.shelves();
      const shelf = shelves.find(each => each.id === id) ?? shelves.at(0);
      if (!shelf || !path) {
        throw new Error(
          trans.__(
            "Choose a file in the shelf's panel, and then this command from its menu."
          )
        );
      }
      return formatPlace({
        shelf: folderOf(shelf, shelves),
        project,
        version,
        path
      });
    };

    const openLabel = trans.__('Open Read-Only');
    app.commands.addCommand(CommandIDs.openFile, {
      label: openLabel,
      execute: (args: ICommandArgs) =>
        reporting(openLabel, async () => {
          const path = await localPathOf(args);
          await drive.get(path, { content: false }); // the server's sentence, rather than an empty tab
          if (!openReadOnly(manager, path)) {
            throw new Error(
              trans.__(
                'Nothing here shows files like %1. Copy it to the workspace.',
                PathExt.basename(path)
              )
            );
          }
        })
    });

    const copyLabel = trans.__('Copy to Workspace…');
    app.commands.addCommand(CommandIDs.copyToWorkspace, {
      label: copyLabel,
      execute: (args: ICommandArgs) =>
        reporting(copyLabel, async () => {
          const path = await localPathOf(args);
          const name = PathExt.basename(path);
          const start = browser?.model.path ?? '';
          const folder = await askFolder(manager, language, name, start);
          if (folder === null) {
            return;
          }
          const model = await drive.get(path, {
            type: 'file',
            format: 'base64'
          });
          const copied = await writeCopy(contents, language, model, folder);
          if (copied === null) {
            return;
          }
          Notification.success(trans.__('Copied to %1', copied), {
            autoClose: 5000
          });
          if (isNotebook(copied)) {
            manager.openOrReveal(copied);
          }
        })
    });

    if (factory) {
      addBrowser(app, factory, restorer, trans);
      palette?.addItem({
        command: CommandIDs.openDrive,
        category: trans.__('Shelf')
      });
    }
  }
};
