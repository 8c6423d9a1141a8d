/** What our plugins give one another. */
import { Token } from '@lumino/coreutils';

import type { ShelfApi } from './api';
import type { CurrentNotebook } from './notebook/current';
import type { ShelfPanel } from './panel/panel';

/** The REST client, api/client.ts. */
export type IShelfApi = ShelfApi;
export const IShelfApi = new Token<IShelfApi>(
  'cloudshelf:IShelfApi',
  'What the shelves hold, from the server extension.'
);

/** The notebook in front and its kernel's pins, notebook/current.ts. */
export type ICurrentNotebook = CurrentNotebook;
export const ICurrentNotebook = new Token<ICurrentNotebook>(
  'cloudshelf:ICurrentNotebook',
  'The notebook in front, and what its kernel has pinned from the shelf.'
);

/** The side panel, panel/panel.ts. */
export type IShelfPanel = ShelfPanel;
export const IShelfPanel = new Token<IShelfPanel>(
  'cloudshelf:IShelfPanel',
  'The side panel with the shelf.'
);

/** What writes `%shelf use` into notebooks. */
export interface ICells {
  /** Write or update the notebook's one `%shelf use` cell at the top, and run it. Rejects with what went wrong. */
  useInNotebook(requirement: string): Promise<void>;
  /** The kernel has pinned it: the notebook's cells shall say so, by the settings. Nothing runs. */
  recordUse(requirement: string): Promise<void>;
  /** The kernel has dropped it: no `%shelf use` cell shall ask for it. Nothing runs. */
  recordDrop(project: string): void;
}
export const ICells = new Token<ICells>(
  'cloudshelf:ICells',
  'Writes what is used into a cell of the notebook in front.'
);
