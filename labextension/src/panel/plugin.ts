import {
  ILabShell,
  ILayoutRestorer,
  type JupyterFrontEnd,
  type JupyterFrontEndPlugin
} from '@jupyterlab/application';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';

import { IShelfPanel } from '../tokens';
import { ShelfPanel } from './panel';

/** The side panel, in JupyterLab's left area and in Notebook's, which has one too. */
export const panelPlugin: JupyterFrontEndPlugin<IShelfPanel> = {
  id: 'cloudshelf:panel',
  description: 'The side panel with the shelf.',
  autoStart: true,
  provides: IShelfPanel,
  optional: [ITranslator, ILayoutRestorer, ILabShell],
  activate: (
    app: JupyterFrontEnd,
    translator: ITranslator | null,
    restorer: ILayoutRestorer | null
  ): IShelfPanel => {
    const panel = new ShelfPanel(translator ?? nullTranslator);
    app.shell.add(panel, 'left', { rank: 250, type: 'Shelf' });
    restorer?.add(panel, panel.id);
    return panel;
  }
};
