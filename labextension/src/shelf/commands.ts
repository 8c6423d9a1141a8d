import type {
  JupyterFrontEnd,
  JupyterFrontEndPlugin
} from '@jupyterlab/application';
import { ICommandPalette } from '@jupyterlab/apputils';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';
import { refreshIcon } from '@jupyterlab/ui-components';

import { CommandIDs } from '../commands/ids';
import { IShelfPanel } from '../tokens';

/** Commands on the view of the shelf. */
export const shelfCommandsPlugin: JupyterFrontEndPlugin<void> = {
  id: 'cloudshelf:shelf-commands',
  description: 'Commands on the view of the shelf.',
  autoStart: true,
  requires: [IShelfPanel],
  optional: [ITranslator, ICommandPalette],
  activate: (
    app: JupyterFrontEnd,
    panel: IShelfPanel,
    translator: ITranslator | null,
    palette: ICommandPalette | null
  ) => {
    const trans = (translator ?? nullTranslator).load('cloudshelf');
    app.commands.addCommand(CommandIDs.refresh, {
      label: trans.__('Refresh the Shelf'),
      icon: refreshIcon,
      execute: () => panel.tree.load(),
      describedBy: { args: { type: 'object' } }
    });
    app.commands.addCommand(CommandIDs.focusFilter, {
      label: trans.__('Filter the Shelf'),
      caption: trans.__('Open the panel with the cursor in its filter'),
      execute: () => {
        app.shell.activateById(panel.id);
        panel.focusFilter();
        // The palette gives the focus back to the notebook, by a message that comes with the next frame.
        requestAnimationFrame(() =>
          requestAnimationFrame(() => panel.focusFilter())
        );
      },
      describedBy: { args: { type: 'object' } }
    });
    for (const command of [CommandIDs.refresh, CommandIDs.focusFilter]) {
      palette?.addItem({ command, category: trans.__('Shelf') });
    }
  }
};
