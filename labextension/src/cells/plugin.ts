import type {
  JupyterFrontEnd,
  JupyterFrontEndPlugin
} from '@jupyterlab/application';
import { ISessionContextDialogs } from '@jupyterlab/apputils';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';
import { addBelowIcon } from '@jupyterlab/ui-components';

import { askRequirement } from '../commands/dialogs';
import { guarded } from '../commands/guard';
import { CommandIDs, type ICommandArgs } from '../commands/ids';
import { ICells, ICurrentNotebook } from '../tokens';
import { requirementOf } from './requirement';
import { Cells } from './use';

/** What is used becomes a cell of the notebook in front. */
export const cellsPlugin: JupyterFrontEndPlugin<ICells> = {
  id: 'cloudshelf:cells',
  description: 'Writes what is used into a cell of the notebook in front.',
  autoStart: true,
  requires: [ICurrentNotebook],
  optional: [ITranslator, ISessionContextDialogs],
  provides: ICells,
  activate: (
    app: JupyterFrontEnd,
    current: ICurrentNotebook,
    translator: ITranslator | null,
    dialogs: ISessionContextDialogs | null
  ): ICells => {
    const language = translator ?? nullTranslator;
    const trans = language.load('cloudshelf');
    const cells = new Cells(current, language, dialogs ?? undefined);
    const label = trans.__('Insert as Cell Below');
    app.commands.addCommand(CommandIDs.insertCell, {
      label,
      caption: trans.__(
        'A %shelf use cell below the one in front, which does not run yet'
      ),
      icon: addBelowIcon,
      isEnabled: () => current.link !== null,
      execute: (args: ICommandArgs) =>
        guarded(
          label,
          async () => {
            const { project, version } = args;
            const requirement = project
              ? requirementOf({ project, ...(version ? { version } : {}) })
              : await askRequirement(trans, label);
            if (requirement) {
              await cells.insertCell(requirement);
            }
          },
          trans
        ),
      describedBy: { args: { type: 'object' } }
    });
    current.changed.connect(() =>
      app.commands.notifyCommandChanged(CommandIDs.insertCell)
    );
    return cells;
  }
};
