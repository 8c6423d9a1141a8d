/** Copying a file of the shelf to where its reader may change it. */

import { Dialog, showDialog } from '@jupyterlab/apputils';
import { PathExt } from '@jupyterlab/coreutils';
import type { IDocumentManager } from '@jupyterlab/docmanager';
import { FileDialog } from '@jupyterlab/filebrowser';
import { type Contents, ServerConnection } from '@jupyterlab/services';
import type { ITranslator } from '@jupyterlab/translation';

/** As bytes, notebooks too: a copy is what it was copied from. */
const WRITTEN = { type: 'file', format: 'base64' } as const;

/** Ask for a folder; null where the person went away. */
export async function askFolder(
  manager: IDocumentManager,
  translator: ITranslator,
  name: string,
  start: string
): Promise<string | null> {
  const trans = translator.load('cloudshelf');
  const { button, value } = await FileDialog.getExistingDirectory({
    manager,
    translator,
    title: trans.__('Copy %1 to which folder?', name),
    defaultPath: start
  });
  return button.accept && value?.[0] ? value[0].path : null;
}

/**
 * Write a copy of `model` (a file with its content in base64) into `folder`; what is there is replaced only if its owner says so.
 *
 * The answer is the path of the copy, null where the person went away.
 */
export async function writeCopy(
  contents: Contents.IManager,
  translator: ITranslator,
  model: Contents.IModel,
  folder: string
): Promise<string | null> {
  const trans = translator.load('cloudshelf');
  let path = PathExt.join(folder, model.name);
  if (await exists(contents, path)) {
    const other = await freePath(contents, path);
    const { button } = await showDialog({
      title: trans.__('%1 is there already', model.name),
      body: trans.__(
        'The folder has a file of this name. Keep both (the copy becomes %1), or replace it?',
        PathExt.basename(other)
      ),
      buttons: [
        Dialog.cancelButton(),
        Dialog.warnButton({ label: trans.__('Replace'), accept: true }),
        Dialog.okButton({ label: trans.__('Keep both') })
      ]
    });
    if (!button.accept) {
      return null;
    }
    path = button.displayType === 'warn' ? path : other;
  }
  await contents.save(path, { ...WRITTEN, content: model.content as string });
  return path;
}

/** The first of `report-1.ipynb`, `report-2.ipynb`, … that is not taken. */
export async function freePath(
  contents: Contents.IManager,
  path: string
): Promise<string> {
  const extension = PathExt.extname(path);
  const stem = extension ? path.slice(0, -extension.length) : path;
  for (let number = 1; ; number += 1) {
    const candidate = `${stem}-${number}${extension}`;
    if (!(await exists(contents, candidate))) {
      return candidate;
    }
  }
}

async function exists(
  contents: Contents.IManager,
  path: string
): Promise<boolean> {
  try {
    await contents.get(path, { content: false });
    return true;
  } catch (error) {
    if (
      error instanceof ServerConnection.ResponseError &&
      error.response.status === 404
    ) {
      return false;
    }
    throw error;
  }
}
