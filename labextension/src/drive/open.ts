/** Opening a file of the shelf, read-only, in Lab's own viewer for its type. */

import { PathExt } from '@jupyterlab/coreutils';
import type { IDocumentManager } from '@jupyterlab/docmanager';
import type { IDocumentWidget } from '@jupyterlab/docregistry';

import { isNotebook } from './models';
import { DRIVE } from './place';

// Types whose reader comes first, where Lab by itself would open the editor; a name that Lab does not know is its default.
const READERS: Record<string, string> = {
  '.md': 'Markdown Preview',
  '.json': 'JSON'
};

/**
 * Open the file at `localPath` of the drive; undefined where Lab has nothing that shows it.
 *
 * A notebook opens without a kernel: to run it, one copies it.
 */
export function openReadOnly(
  manager: IDocumentManager,
  localPath: string
): IDocumentWidget | undefined {
  const path = `${DRIVE}:${localPath}`;
  if (isNotebook(localPath)) {
    return manager.openOrReveal(path, 'Notebook', undefined, undefined, {
      shouldStart: false,
      canStart: false
    });
  }
  const reader = READERS[PathExt.extname(localPath).toLowerCase()];
  const known = reader && manager.registry.getWidgetFactory(reader);
  return manager.openOrReveal(path, known ? reader : undefined);
}
