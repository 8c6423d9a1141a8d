/** Opening a file of the shelf, read-only, in Lab's own viewer for its type, if that only shows. */

import { PathExt } from '@jupyterlab/coreutils';
import type { IDocumentManager } from '@jupyterlab/docmanager';
import type { IDocumentWidget } from '@jupyterlab/docregistry';

import { isNotebook } from './models';
import { DRIVE } from './place';
import { EDITOR } from './readOnly';

/** Viewers that load nothing from elsewhere. What has another one, a page or a chart, is opened as the text that it is. */
const INERT = new Set([EDITOR, 'Image', 'CSVTable', 'TSVTable', 'JSON', 'PDF']);

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
  const { registry } = manager;
  const isJson = PathExt.extname(localPath).toLowerCase() === '.json';
  const factory =
    (isJson && registry.getWidgetFactory('JSON')) || // Lab by itself would edit it
    registry.defaultWidgetFactory(localPath);
  return manager.openOrReveal(
    path,
    INERT.has(factory.name) ? factory.name : EDITOR
  );
}
