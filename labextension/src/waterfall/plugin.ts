import type {
  JupyterFrontEnd,
  JupyterFrontEndPlugin
} from '@jupyterlab/application';
import {
  ICommandPalette,
  IThemeManager,
  MainAreaWidget
} from '@jupyterlab/apputils';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';

import { reporting } from '../commands/dialogs';
import { CommandIDs } from '../commands/ids';
import { shelfIcon } from '../icons';
import { ICurrentNotebook } from '../tokens';
import { WaterfallWidget } from './widget';

/** The picture of the last imports, when somebody asks for it. */
export const waterfallPlugin: JupyterFrontEndPlugin<void> = {
  id: 'cloudshelf:waterfall',
  description: 'A picture of what the last imports took.',
  autoStart: true,
  requires: [ICurrentNotebook],
  optional: [ITranslator, ICommandPalette, IThemeManager],
  activate: (
    app: JupyterFrontEnd,
    current: ICurrentNotebook,
    translator: ITranslator | null,
    palette: ICommandPalette | null,
    themes: IThemeManager | null
  ): void => {
    const trans = (translator ?? nullTranslator).load('cloudshelf');
    const label = trans.__('Show Waterfall of Imports');
    app.commands.addCommand(CommandIDs.showWaterfall, {
      label,
      caption: trans.__(
        'Which modules the last imports took, how long, fetched or cached'
      ),
      execute: () =>
        reporting(label, () => {
          const { link } = current;
          if (!link) {
            throw new Error(
              trans.__('No notebook is open. Open the one that imports.')
            );
          }
          const content = new WaterfallWidget(link, themes, trans);
          const tab = new MainAreaWidget({ content });
          tab.toolbar.hide();
          tab.title.label = trans.__('Imports of %1', link.panel.title.label);
          tab.title.icon = shelfIcon;
          tab.title.closable = true;
          app.shell.add(tab, 'main', { mode: 'split-bottom', type: 'Shelf' });
          app.shell.activateById(tab.id);
        })
    });
    palette?.addItem({
      command: CommandIDs.showWaterfall,
      category: trans.__('Shelf')
    });
  }
};
