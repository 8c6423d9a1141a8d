import type {
  JupyterFrontEnd,
  JupyterFrontEndPlugin
} from '@jupyterlab/application';
import { INotebookTracker } from '@jupyterlab/notebook';

import { ICurrentNotebook } from '../tokens';
import { CurrentNotebook } from './current';

/** The notebook in front. */
export const notebookPlugin: JupyterFrontEndPlugin<ICurrentNotebook> = {
  id: 'cloudshelf:notebook',
  description: 'The notebook in front, and what its kernel has pinned.',
  autoStart: true,
  requires: [INotebookTracker],
  provides: ICurrentNotebook,
  activate: (_: JupyterFrontEnd, tracker: INotebookTracker) =>
    new CurrentNotebook(tracker)
};
