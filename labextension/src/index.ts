import type { JupyterFrontEndPlugin } from '@jupyterlab/application';

import { apiPlugin } from './api/plugin';
import { notebookPlugin } from './notebook/plugin';
import { panelPlugin } from './panel/plugin';

/** One plugin a concern. */
const plugins: JupyterFrontEndPlugin<unknown>[] = [
  apiPlugin,
  notebookPlugin,
  panelPlugin
];

export default plugins;
