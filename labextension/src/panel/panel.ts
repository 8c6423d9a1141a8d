import { SidePanel } from '@jupyterlab/ui-components';
import type { ITranslator } from '@jupyterlab/translation';

import { shelfIcon } from '../icons';

/** The side panel: what the notebook in front has, above what the shelves have. */
export class ShelfPanel extends SidePanel {
  constructor(translator: ITranslator) {
    super({ translator });
    const trans = translator.load('cloudshelf');
    this.id = 'cloudshelf-panel';
    this.addClass('cloudshelf-Panel');
    this.node.dataset.cloudshelf = 'panel';
    this.title.icon = shelfIcon;
    this.title.caption = trans.__('Shelf');
  }
}
