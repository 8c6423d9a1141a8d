import type {
  JupyterFrontEnd,
  JupyterFrontEndPlugin
} from '@jupyterlab/application';
import { Clipboard, InputDialog } from '@jupyterlab/apputils';
import { ISettingRegistry } from '@jupyterlab/settingregistry';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';
import { addIcon, copyIcon, refreshIcon } from '@jupyterlab/ui-components';

import { guarded } from '../commands/guard';
import { CommandIDs, type ICommandArgs } from '../commands/ids';
import * as actions from '../notebook/actions';
import { ICells, ICurrentNotebook, IShelfPanel } from '../tokens';

/** The plugin whose settings these commands follow (schema/panel.json). */
const SETTINGS = 'cloudshelf:panel';

/** What can be done with projects and versions of the shelf, and with its view. */
export const shelfCommandsPlugin: JupyterFrontEndPlugin<void> = {
  id: 'cloudshelf:shelf-commands',
  description: 'Commands on projects and versions of the shelf.',
  autoStart: true,
  requires: [ICurrentNotebook, IShelfPanel],
  optional: [ICells, ISettingRegistry, ITranslator],
  activate: (
    app: JupyterFrontEnd,
    current: ICurrentNotebook,
    panel: IShelfPanel,
    cells: ICells | null,
    settings: ISettingRegistry | null,
    translator: ITranslator | null
  ) => {
    const trans = (translator ?? nullTranslator).load('cloudshelf');
    const { commands } = app;

    const isWithoutCell = async (): Promise<boolean> => {
      const all = await settings?.load(SETTINGS);
      return all?.get('useWithoutCell').composite === true;
    };
    const useRequirement = async (requirement: string): Promise<void> => {
      const { link } = current;
      if (!link) {
        throw new Error(trans.__('Open a notebook first, then use it there.'));
      }
      if (cells && !(await isWithoutCell())) {
        await cells.useInNotebook(requirement);
        return;
      }
      if (link.status === 'no-extension') {
        await link.loadExtension();
        await link.whenReady();
      }
      await actions.use(link, requirement, trans);
    };

    commands.addCommand(CommandIDs.use, {
      label: trans.__('Use in This Notebook'),
      caption: trans.__('Pin it for the notebook in front'),
      icon: addIcon,
      isEnabled: () => current.link !== null,
      execute: args =>
        guarded(
          trans.__('Use in This Notebook'),
          async () => {
            const requirement =
              requirementOf(args) ??
              (
                await InputDialog.getText({
                  title: trans.__('Use in this notebook'),
                  label: trans.__('Requirement, such as pandas>=2')
                })
              ).value;
            if (requirement) {
              await useRequirement(requirement);
            }
          },
          trans
        ),
      describedBy: { args: { type: 'object' } }
    });
    commands.addCommand(CommandIDs.copyRequirement, {
      label: trans.__('Copy Requirement'),
      caption: trans.__('As %shelf use and pip understand it'),
      icon: copyIcon,
      isEnabled: args => requirementOf(args) !== null,
      execute: args => {
        const requirement = requirementOf(args);
        if (requirement) {
          Clipboard.copyToSystem(requirement);
        }
      },
      describedBy: { args: { type: 'object' } }
    });
    commands.addCommand(CommandIDs.refresh, {
      label: trans.__('Refresh the Shelf'),
      icon: refreshIcon,
      execute: () => panel.tree.load(),
      describedBy: { args: { type: 'object' } }
    });
    commands.addCommand(CommandIDs.focusFilter, {
      label: trans.__('Filter the Shelf'),
      caption: trans.__('Open the panel with the cursor in its filter'),
      execute: () => {
        app.shell.activateById(panel.id);
        panel.focusFilter();
      },
      describedBy: { args: { type: 'object' } }
    });
    current.changed.connect(() =>
      commands.notifyCommandChanged(CommandIDs.use)
    );
  }
};

/** What one would type for a project or one of its versions; null where the arguments name none. */
export function requirementOf(args: ICommandArgs): string | null {
  if (!args.project) {
    return null;
  }
  return args.version ? `${args.project}==${args.version}` : args.project;
}
