import type { JupyterFrontEndPlugin } from '@jupyterlab/application';

import { apiPlugin } from './api/plugin';
import { cellsPlugin } from './cells/plugin';
import { detailsPlugin } from './details/plugin';
import { drivePlugin } from './drive/plugin';
import { launcherPlugin } from './launcher/plugin';
import { notebookPlugin } from './notebook/plugin';
import { panelPlugin } from './panel/plugin';
import { savingPlugin } from './saving/plugin';
import { waterfallPlugin } from './waterfall/plugin';
import { palettePlugin } from './commands/palette';
import { notebookCommandsPlugin } from './notebook/commands';
import { shelfCommandsPlugin } from './shelf/commands';
import { statusPlugin } from './status/plugin';

/** One plugin a concern. */
const plugins: JupyterFrontEndPlugin<unknown>[] = [
  apiPlugin,
  notebookPlugin,
  panelPlugin,
  cellsPlugin,
  detailsPlugin,
  drivePlugin,
  launcherPlugin,
  savingPlugin,
  waterfallPlugin,
  notebookCommandsPlugin,
  shelfCommandsPlugin,
  statusPlugin,
  palettePlugin
];

export default plugins;
