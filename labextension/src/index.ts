import type { JupyterFrontEndPlugin } from '@jupyterlab/application';

import { apiPlugin } from './api/plugin';
import { palettePlugin } from './commands/palette';
import { notebookCommandsPlugin } from './notebook/commands';
import { notebookPlugin } from './notebook/plugin';
import { panelPlugin } from './panel/plugin';
import { shelfCommandsPlugin } from './shelf/commands';
import { statusPlugin } from './status/plugin';

/** One plugin a concern. */
const plugins: JupyterFrontEndPlugin<unknown>[] = [
  apiPlugin,
  notebookPlugin,
  panelPlugin,
  notebookCommandsPlugin,
  shelfCommandsPlugin,
  statusPlugin,
  palettePlugin
];

export default plugins;
