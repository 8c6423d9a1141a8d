import { SidePanel } from '@jupyterlab/ui-components';
import type { ITranslator } from '@jupyterlab/translation';

import { shelfIcon } from '../icons';
import type { NotebookSection } from '../notebook/section';
import type { ShelfSection } from '../shelf/section';
import type { ShelfTree } from '../shelf/tree';

/** The side panel: what the notebook in front has, above what the shelves have. */
export class ShelfPanel extends SidePanel {
  constructor(
    translator: ITranslator,
    readonly tree: ShelfTree,
    notebook: NotebookSection,
    private readonly _shelf: ShelfSection
  ) {
    super({ translator });
    const trans = translator.load('cloudshelf');
    this.id = 'cloudshelf-panel';
    this.addClass('cloudshelf-Panel');
    this.node.dataset.cloudshelf = 'panel';
    this.node.setAttribute('role', 'region');
    this.node.setAttribute('aria-label', trans.__('Shelf'));
    this.title.icon = shelfIcon;
    this.title.caption = trans.__('Shelf');
    this.addWidget(notebook);
    this.addWidget(this._shelf);
  }

  /** Put the cursor into the shelf's filter; the panel must be in view. */
  focusFilter(): void {
    this._shelf.focusFilter();
  }
}
