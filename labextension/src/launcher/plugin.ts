import type {
  JupyterFrontEnd,
  JupyterFrontEndPlugin
} from '@jupyterlab/application';
import { ICommandPalette } from '@jupyterlab/apputils';
import { IDocumentManager } from '@jupyterlab/docmanager';
import { IDefaultFileBrowser } from '@jupyterlab/filebrowser';
import { ILauncher } from '@jupyterlab/launcher';
import type { KernelSpec } from '@jupyterlab/services';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';
import { UUID } from '@lumino/coreutils';

import { reporting } from '../commands/dialogs';
import { CommandIDs } from '../commands/ids';
import { shelfIcon } from '../icons';
import { IShelfApi } from '../tokens';
import { chooseLock } from './choose';
import { type IKernel, notebookOf } from './notebook';

/** "New notebook from this lock": a card of the launcher, and a command. */
export const launcherPlugin: JupyterFrontEndPlugin<void> = {
  id: 'cloudshelf:launcher',
  description: 'Makes notebooks that begin with a lock.',
  autoStart: true,
  requires: [IShelfApi, IDocumentManager],
  optional: [ITranslator, ILauncher, ICommandPalette, IDefaultFileBrowser],
  activate: (
    app: JupyterFrontEnd,
    api: IShelfApi,
    manager: IDocumentManager,
    translator: ITranslator | null,
    launcher: ILauncher | null,
    palette: ICommandPalette | null,
    browser: IDefaultFileBrowser | null
  ): void => {
    const language = translator ?? nullTranslator;
    const trans = language.load('cloudshelf');
    const { contents, kernelspecs } = app.serviceManager;

    const create = async (title: string, folder: string): Promise<void> => {
      await kernelspecs.ready;
      const kernel = pythonKernel(kernelspecs.specs);
      if (!kernel) {
        throw new Error(
          trans.__(
            'This server has no Python kernel, which a lock is for. Install ipykernel into it.'
          )
        );
      }
      const block = await chooseLock(api, manager, language, title);
      if (!block) {
        return;
      }
      const { path } = await contents.newUntitled({
        path: folder,
        type: 'notebook'
      });
      const content = notebookOf(block, kernel, () => UUID.uuid4());
      await contents.save(path, { type: 'notebook', format: 'json', content });
      manager.openOrReveal(path);
    };

    const label = trans.__('New Notebook from This Lock');
    app.commands.addCommand(CommandIDs.newNotebookFromLock, {
      label,
      caption: trans.__(
        'A notebook that carries a lock, and restores it in its first cell'
      ),
      icon: shelfIcon,
      execute: args =>
        reporting(label, () => create(label, folderOf(args, browser)))
    });
    launcher?.add({
      command: CommandIDs.newNotebookFromLock,
      category: 'Notebook', // Lab's own section; it translates the name itself
      rank: 90
    });
    palette?.addItem({
      command: CommandIDs.newNotebookFromLock,
      category: trans.__('Shelf')
    });
  }
};

/** Where the launcher was opened, or the file browser is. */
function folderOf(
  args: { readonly cwd?: unknown },
  browser: IDefaultFileBrowser | null
): string {
  return typeof args.cwd === 'string' ? args.cwd : (browser?.model.path ?? '');
}

/** The server's default kernel if it is a Python, else its first that is one. */
function pythonKernel(specs: KernelSpec.ISpecModels | null): IKernel | null {
  const all = Object.values(specs?.kernelspecs ?? {}).filter(
    spec => spec?.language === 'python'
  );
  const chosen = all.find(spec => spec?.name === specs?.default) ?? all[0];
  return chosen
    ? { name: chosen.name, display_name: chosen.display_name }
    : null;
}
