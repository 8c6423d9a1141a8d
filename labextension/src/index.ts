import type { JupyterFrontEndPlugin } from '@jupyterlab/application';

import { apiPlugin } from './api/plugin';
import { cellsPlugin } from './cells/plugin';
import { detailsPlugin } from './details/plugin';
import { drivePlugin } from './drive/plugin';
import { launcherPlugin } from './launcher/plugin';
import { notebookCommandsPlugin } from './notebook/commands';
import { notebookPlugin } from './notebook/plugin';
import { panelPlugin } from './panel/plugin';
import { savingPlugin } from './saving/plugin';
import { shelfCommandsPlugin } from './shelf/commands';
import { statusPlugin } from './status/plugin';
import { waterfallPlugin } from './waterfall/plugin';

/** One plugin a concern. */
const plugins: JupyterFrontEndPlugin<unknown>[] = [
  apiPlugin,
  notebookPlugin,
  panelPlugin,
  notebookCommandsPlugin,
  shelfCommandsPlugin,
  statusPlugin,
  cellsPlugin,
  detailsPlugin,
  drivePlugin,
  launcherPlugin,
  savingPlugin,
  waterfallPlugin
];

export default plugins;
