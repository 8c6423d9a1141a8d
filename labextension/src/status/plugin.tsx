import type {
  JupyterFrontEnd,
  JupyterFrontEndPlugin
} from '@jupyterlab/application';
import { IStatusBar } from '@jupyterlab/statusbar';
import {
  ITranslator,
  nullTranslator,
  type TranslationBundle
} from '@jupyterlab/translation';
import { ReactWidget } from '@jupyterlab/ui-components';
import type { CommandRegistry } from '@lumino/commands';
import React from 'react';

import { CommandIDs } from '../commands/ids';
import { shelfIcon } from '../icons';
import { useSignal } from '../panel/hooks';
import { ICurrentNotebook, IShelfPanel } from '../tokens';

/** The shelf's name and how many pins the notebook in front has, in the status bar; a click opens the panel. */
export const statusPlugin: JupyterFrontEndPlugin<void> = {
  id: 'cloudshelf:status',
  description: "The shelf's name and the notebook's pins in the status bar.",
  autoStart: true,
  requires: [ICurrentNotebook, IShelfPanel],
  optional: [IStatusBar, ITranslator],
  activate: (
    app: JupyterFrontEnd,
    current: ICurrentNotebook,
    panel: IShelfPanel,
    statusBar: IStatusBar | null,
    translator: ITranslator | null
  ) => {
    if (!statusBar) {
      return; // Notebook 7 has none
    }
    const trans = (translator ?? nullTranslator).load('cloudshelf');
    const item = ReactWidget.create(
      <StatusItem
        current={current}
        panel={panel}
        commands={app.commands}
        trans={trans}
      />
    );
    item.node.dataset.cloudshelf = 'status';
    statusBar.registerStatusItem('cloudshelf:status', {
      item,
      align: 'left',
      rank: 90
    });
  }
};

function StatusItem(props: {
  current: ICurrentNotebook;
  panel: IShelfPanel;
  commands: CommandRegistry;
  trans: TranslationBundle;
}): React.JSX.Element {
  const { current, panel, commands, trans } = props;
  useSignal(current.changed);
  useSignal(panel.tree.changed);
  const state = current.link?.state;
  const first = panel.tree.shelves?.shelves[0];
  const name =
    state?.shelf?.name || first?.name || first?.url || trans.__('no shelf');
  const pins = state?.pins.length;
  return (
    <button
      className="cloudshelf-Status jp-StatusItem"
      data-pins={pins}
      title={trans.__('Open the shelf')}
      onClick={() => {
        void commands.execute(CommandIDs.focusFilter);
      }}
    >
      <shelfIcon.react tag="span" className="cloudshelf-Row-icon" />
      {name}
      {pins !== undefined && ` · ${trans._n('%1 pin', '%1 pins', pins)}`}
    </button>
  );
}
