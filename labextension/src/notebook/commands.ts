import type {
  JupyterFrontEnd,
  JupyterFrontEndPlugin
} from '@jupyterlab/application';
import {
  ICommandPalette,
  InputDialog,
  Notification
} from '@jupyterlab/apputils';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';

import { reporting } from '../commands/dialogs';
import { CommandIDs, type ICommandArgs } from '../commands/ids';
import { ICells, ICurrentNotebook, IShelfApi } from '../tokens';
import * as actions from './actions';
import type { NotebookLink } from './link';

/** What can be done with the pins of the notebook in front. */
export const notebookCommandsPlugin: JupyterFrontEndPlugin<void> = {
  id: 'cloudshelf:notebook-commands',
  description: 'Commands on the pins of the notebook in front.',
  autoStart: true,
  requires: [ICurrentNotebook, IShelfApi, ICells],
  optional: [ITranslator, ICommandPalette],
  activate: (
    app: JupyterFrontEnd,
    current: ICurrentNotebook,
    api: IShelfApi,
    cells: ICells,
    translator: ITranslator | null,
    palette: ICommandPalette | null
  ) => {
    const trans = (translator ?? nullTranslator).load('cloudshelf');
    const { commands } = app;

    const add = (
      id: string,
      label: string,
      title: string,
      isEnabled: (link: NotebookLink) => boolean,
      act: (link: NotebookLink, args: ICommandArgs) => Promise<void>
    ): void => {
      commands.addCommand(id, {
        label,
        caption: title,
        isEnabled: () => current.link !== null && isEnabled(current.link),
        execute: async args => {
          const { link } = current;
          if (link) {
            await reporting(label, () => act(link, args));
          }
        },
        describedBy: { args: { type: 'object' } }
      });
      palette?.addItem({ command: id, category: trans.__('Shelf') });
    };
    current.changed.connect(() => commands.notifyCommandChanged());

    const isLive = (link: NotebookLink): boolean => link.status === 'ready';
    const hasPins = (link: NotebookLink): boolean =>
      (link.state?.pins.length ?? 0) > 0;
    const askProject = async (
      link: NotebookLink,
      title: string
    ): Promise<string | null> => {
      const items = (link.state?.pins ?? []).map(pin => pin.project);
      const label = trans.__('Project');
      return (await InputDialog.getItem({ title, label, items })).value;
    };

    add(
      CommandIDs.drop,
      trans.__('Drop From This Notebook'),
      trans.__('Unpin a project in the kernel of the notebook in front'),
      hasPins,
      async (link, args) => {
        const project =
          args.project ?? (await askProject(link, trans.__('Drop a project')));
        if (project) {
          await link.request('drop', { projects: [project] });
          cells.recordDrop(project);
        }
      }
    );
    add(
      CommandIDs.switchVersion,
      trans.__('Switch Version…'),
      trans.__('Choose another version of a pin, and see what would change'),
      hasPins,
      async (link, args) => {
        const project =
          args.project ??
          (await askProject(link, trans.__('Switch the version of a project')));
        if (project) {
          const { version } = args;
          const done = await actions.switchVersion(
            link,
            api,
            project,
            version,
            trans
          );
          if (done) {
            await cells.recordUse(done);
          }
        }
      }
    );
    add(
      CommandIDs.writeLock,
      trans.__('Write the Lock Into This Notebook'),
      trans.__('What is pinned, in the metadata of the notebook'),
      hasPins,
      async link => {
        const notes = await actions.writeLock(link);
        const said = [trans.__('The notebook carries its lock.'), ...notes];
        Notification.success(said.join('\n'), { autoClose: 5000 });
      }
    );
    add(
      CommandIDs.restoreLock,
      trans.__('Restore From the Lock of This Notebook'),
      trans.__('Pin exactly what the metadata of the notebook say'),
      link => isLive(link) && link.block !== null,
      link => actions.restoreLock(link, trans)
    );
    add(
      CommandIDs.loadExtension,
      trans.__('Load Cloudshelf in This Kernel'),
      trans.__('As %load_ext cloudshelf does, without a cell'),
      link => link.status === 'no-extension',
      link => link.loadExtension()
    );
    add(
      CommandIDs.cancel,
      trans.__('Cancel What the Kernel Fetches or Resolves'),
      trans.__('What a cell asked for is interrupted with its cell'),
      link => Boolean(link.state?.busy),
      link => link.cancel()
    );
    add(
      CommandIDs.restartKernel,
      trans.__('Restart the Kernel and Pin What Waits for It'),
      trans.__('Its variables are lost'),
      link => Boolean(link.state?.restart),
      async link => {
        const { requirements = [], stored = true } = link.state?.restart ?? {};
        if (stored) {
          await actions.restart(link);
        } else {
          await actions.restartWith(link, requirements);
        }
      }
    );
  }
};
