import type {
  JupyterFrontEnd,
  JupyterFrontEndPlugin
} from '@jupyterlab/application';
import { ICommandPalette } from '@jupyterlab/apputils';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';

import { CommandIDs } from './ids';

/** Every command in the palette, once all plugins have added theirs. */
export const palettePlugin: JupyterFrontEndPlugin<void> = {
  id: 'cloudshelf:palette',
  description: "The shelf's commands in the palette.",
  autoStart: true,
  requires: [ICommandPalette],
  optional: [ITranslator],
  activate: (
    app: JupyterFrontEnd,
    palette: ICommandPalette,
    translator: ITranslator | null
  ) => {
    const category = (translator ?? nullTranslator)
      .load('cloudshelf')
      .__('Shelf');
    void app.started.then(() => {
      for (const command of Object.values(CommandIDs)) {
        if (app.commands.hasCommand(command)) {
          palette.addItem({ command, category });
        }
      }
    });
  }
};
