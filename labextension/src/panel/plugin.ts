import {
  ILayoutRestorer,
  type JupyterFrontEnd,
  type JupyterFrontEndPlugin
} from '@jupyterlab/application';
import { IStateDB } from '@jupyterlab/statedb';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';
import { Poll } from '@lumino/polling';
import type { AccordionPanel } from '@lumino/widgets';

import { NotebookSection } from '../notebook/section';
import { onCatalogChange } from '../shelf/events';
import { ShelfSection } from '../shelf/section';
import { ShelfTree } from '../shelf/tree';
import { ICurrentNotebook, IShelfApi, IShelfPanel } from '../tokens';
import { ShelfPanel } from './panel';
import { rememberSections, rememberView } from './remember';

/** Milliseconds between two words to the server that this page is still open; it waits for ten minutes. */
const STAY = 4 * 60_000;

/** The side panel, in JupyterLab's left area and in Notebook's, which has one too. */
export const panelPlugin: JupyterFrontEndPlugin<IShelfPanel> = {
  id: 'cloudshelf:panel',
  description: 'The side panel with the shelf.',
  autoStart: true,
  requires: [IShelfApi, ICurrentNotebook],
  optional: [ITranslator, ILayoutRestorer, IStateDB],
  provides: IShelfPanel,
  activate: (
    app: JupyterFrontEnd,
    api: IShelfApi,
    current: ICurrentNotebook,
    translator: ITranslator | null,
    restorer: ILayoutRestorer | null,
    state: IStateDB | null
  ): IShelfPanel => {
    const trans = (translator ?? nullTranslator).load('cloudshelf');
    const tree = new ShelfTree(api);
    const view = { active: null };
    const panel = new ShelfPanel(
      translator ?? nullTranslator,
      tree,
      new NotebookSection(current, app.commands, trans),
      new ShelfSection(tree, app.commands, trans, view)
    );
    app.shell.add(panel, 'left', { rank: 250, type: 'Shelf' });
    restorer?.add(panel, panel.id);
    onCatalogChange(app.serviceManager.events, shelf => tree.refresh(shelf));
    new Poll({
      name: 'cloudshelf:stay',
      factory: () => api.stay(),
      frequency: { interval: STAY },
      standby: 'when-hidden'
    });
    // What changed while nobody looked was not told
    document.addEventListener('visibilitychange', () => {
      if (!document.hidden) {
        tree.refresh();
      }
    });
    void rememberSections(panel.content as AccordionPanel, state, app.restored);
    void rememberView(tree, view, state).finally(() => tree.load());
    return panel;
  }
};
