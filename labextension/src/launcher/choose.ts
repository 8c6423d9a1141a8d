/** Which lock? One with a name on a shelf, or a file of the workspace. */

import { InputDialog } from '@jupyterlab/apputils';
import type { IDocumentManager } from '@jupyterlab/docmanager';
import { FileDialog } from '@jupyterlab/filebrowser';
import type { ITranslator } from '@jupyterlab/translation';

import {
  ApiError,
  type ILockRow,
  type NotebookBlock,
  type ShelfApi
} from '../api';

interface INamed {
  readonly shelf: string;
  readonly name: string;
  readonly label: string;
}

/** Ask for a lock and read it; null where the person went away. Rejects with a sentence for what is no lock. */
export async function chooseLock(
  api: ShelfApi,
  manager: IDocumentManager,
  translator: ITranslator,
  title: string
): Promise<NotebookBlock | null> {
  const trans = translator.load('cloudshelf');
  const named = await namedLocks(api);
  const fromFile = trans.__('A pylock.toml of the workspace…');
  const items = [...named.map(lock => lock.label), fromFile];
  const { button, value } = await InputDialog.getItem({
    title,
    label: trans.__('Lock'),
    items,
    current: 0
  });
  if (!button.accept || value === null) {
    return null;
  }
  const lock = named.find(each => each.label === value);
  if (lock) {
    return (await api.lock(lock.shelf, lock.name)).block;
  }
  const text = await readFile(manager, translator, title);
  return text === null ? null : api.lockBlock(text);
}

/** Of all shelves; one that cannot be read has none to choose. */
async function namedLocks(api: ShelfApi): Promise<INamed[]> {
  const { shelves } = await api.shelves();
  const several = shelves.length > 1;
  const lists = await Promise.all(
    shelves.map(async shelf => {
      const { locks } = await api.locks(shelf.id).catch(noneIfUnreadable);
      return locks.map(lock => ({
        shelf: shelf.id,
        name: lock.name,
        label: several ? `${lock.name} (${shelf.name})` : lock.name
      }));
    })
  );
  return lists.flat();
}

function noneIfUnreadable(error: unknown): { locks: ILockRow[] } {
  if (error instanceof ApiError) {
    return { locks: [] };
  }
  throw error;
}

async function readFile(
  manager: IDocumentManager,
  translator: ITranslator,
  title: string
): Promise<string | null> {
  const { button, value } = await FileDialog.getOpenFiles({
    manager,
    translator,
    title,
    filter: model =>
      model.type === 'directory' || model.name.endsWith('.toml') ? {} : null
  });
  const file = value?.[0];
  if (!button.accept || !file || file.type === 'directory') {
    return null;
  }
  const { contents } = manager.services;
  const model = await contents.get(file.path, {
    type: 'file',
    format: 'text',
    content: true
  });
  return model.content as string;
}
