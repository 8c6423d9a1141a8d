import type {
  JupyterFrontEnd,
  JupyterFrontEndPlugin
} from '@jupyterlab/application';

import { IShelfApi } from '../tokens';
import { ShelfApi } from './client';

/** One REST client for all. */
export const apiPlugin: JupyterFrontEndPlugin<IShelfApi> = {
  id: 'cloudshelf:api',
  description: "The client of the server extension's REST API.",
  autoStart: true,
  provides: IShelfApi,
  activate: (app: JupyterFrontEnd) =>
    new ShelfApi(app.serviceManager.serverSettings)
};
