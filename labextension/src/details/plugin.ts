import {
  ILayoutRestorer,
  type JupyterFrontEnd,
  type JupyterFrontEndPlugin
} from '@jupyterlab/application';
import {
  ICommandPalette,
  MainAreaWidget,
  WidgetTracker
} from '@jupyterlab/apputils';
import { IRenderMimeRegistry } from '@jupyterlab/rendermime';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';

import { askSubject, reporting } from '../commands/dialogs';
import { CommandIDs, type ICommandArgs } from '../commands/ids';
import { shelfIcon } from '../icons';
import { IShelfApi } from '../tokens';
import type { ISubject } from './types';
import { DetailsWidget, tabId } from './widget';

/** The tab with all that the shelf knows of a project or a version. */
export const detailsPlugin: JupyterFrontEndPlugin<void> = {
  id: 'cloudshelf:details',
  description: 'A tab with the details of a project or a version.',
  autoStart: true,
  requires: [IShelfApi, IRenderMimeRegistry],
  optional: [ITranslator, ICommandPalette, ILayoutRestorer],
  activate: (
    app: JupyterFrontEnd,
    api: IShelfApi,
    rendermime: IRenderMimeRegistry,
    translator: ITranslator | null,
    palette: ICommandPalette | null,
    restorer: ILayoutRestorer | null
  ): void => {
    const trans = (translator ?? nullTranslator).load('cloudshelf');
    const tracker = new WidgetTracker<MainAreaWidget<DetailsWidget>>({
      namespace: 'cloudshelf-details'
    });
    const context = {
      api,
      rendermime,
      trans,
      run: (command: string, subject: ISubject): void => {
        void app.commands.execute(command, { ...subject });
      }
    };

    const open = (subject: ISubject): void => {
      const id = tabId(subject);
      let tab = tracker.find(each => each.id === id);
      if (!tab) {
        const content = new DetailsWidget(subject, context);
        tab = new MainAreaWidget({ content });
        tab.toolbar.hide(); // its buttons stand below the heading, where they are read
        tab.id = id;
        tab.title.label = subject.version
          ? `${subject.project} ${subject.version}`
          : subject.project;
        tab.title.icon = shelfIcon;
        tab.title.closable = true;
        void tracker.add(tab);
        app.shell.add(tab, 'main', { type: 'Shelf' });
      }
      app.shell.activateById(id);
    };

    const label = trans.__('Show Details');
    app.commands.addCommand(CommandIDs.showDetails, {
      label,
      caption: trans.__('README, versions, dependencies and sizes, in a tab'),
      execute: (args: ICommandArgs) =>
        reporting(label, async () => {
          const subject = await askSubject(api, trans, label, args);
          if (subject) {
            open(subject);
          }
        })
    });
    palette?.addItem({
      command: CommandIDs.showDetails,
      category: trans.__('Shelf')
    });
    void restorer?.restore(tracker, {
      command: CommandIDs.showDetails,
      args: tab => ({ ...tab.content.subject }),
      name: tab => tab.id
    });
  }
};
