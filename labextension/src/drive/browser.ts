/** "Open shelf as drive": Lab's ordinary file browser, on our drive, in the sidebar beside the one of the workspace. */

import type { ILayoutRestorer, JupyterFrontEnd } from '@jupyterlab/application';
import { WidgetTracker } from '@jupyterlab/apputils';
import type { FileBrowser, IFileBrowserFactory } from '@jupyterlab/filebrowser';
import type { TranslationBundle } from '@jupyterlab/translation';
import { folderFavoriteIcon } from '@jupyterlab/ui-components';

import { CommandIDs } from '../commands/ids';
import { DRIVE } from './place';

const ID = 'cloudshelf-drive';
const REFRESH = 600_000; // milliseconds; what is on a shelf changes when a curator publishes

/** Add the command that opens and closes it; what was open is open again after a reload. */
export function addBrowser(
  app: JupyterFrontEnd,
  factory: IFileBrowserFactory,
  restorer: ILayoutRestorer | null,
  trans: TranslationBundle
): void {
  const tracker = new WidgetTracker<FileBrowser>({ namespace: ID });

  const open = (): FileBrowser => {
    const browser = factory.createFileBrowser(ID, {
      driveName: DRIVE,
      refreshInterval: REFRESH,
      allowFileUploads: false
    });
    browser.title.icon = folderFavoriteIcon;
    browser.title.caption = trans.__('Shelf as Drive (read-only)');
    browser.node.setAttribute('role', 'region');
    browser.node.setAttribute('aria-label', browser.title.caption);
    void tracker.add(browser);
    app.shell.add(browser, 'left', { rank: 251, type: 'File Browser' });
    return browser;
  };

  app.commands.addCommand(CommandIDs.openDrive, {
    label: trans.__('Open Shelf as Drive'),
    caption: trans.__("The ordinary file browser on the shelf's files"),
    isToggleable: true,
    isToggled: () => tracker.size > 0,
    execute: () => {
      const opened = tracker.currentWidget;
      if (opened) {
        opened.dispose();
      } else {
        app.shell.activateById(open().id);
      }
      app.commands.notifyCommandChanged(CommandIDs.openDrive);
    }
  });
  void restorer?.restore(tracker, {
    command: CommandIDs.openDrive,
    name: () => ID
  });
}
